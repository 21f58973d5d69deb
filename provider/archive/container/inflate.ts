/** One deflate stream (RFC 1951). zlib inflates it on another thread while this thread processes the previous bytes. */

import type { TransformOptions } from "node:stream";
import { createInflateRaw, type ZlibOptions } from "node:zlib";
import { abandoned, malformed } from "../failures";

/**
 * Bytes that are inflated at a time. Memory holds two of these chunks and zlib's own 40 kB. Smaller chunks take more
 * CPU time; larger ones gain nothing (measured with Node.js 20.20).
 */
const CHUNK_BYTES = 256 * 1024;

/**
 * Bytes that are processed before the clock is checked again: about 10 ms of work if the records are as small as
 * possible.
 */
const PIECE_BYTES = 16 * 1024;
/** Yield to the event loop after this much work, in milliseconds. */
const TURN_MS = 15;

const OPTIONS: ZlibOptions & TransformOptions = { chunkSize: CHUNK_BYTES, readableHighWaterMark: CHUNK_BYTES };

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class Inflate {
  private readonly zlib = createInflateRaw(OPTIONS);
  private written = 0;
  private failure: Error | undefined;
  /** Whether `pump` is running, and whether the output has ended. */
  private isPumping = false;
  private hasEnded = false;
  private waiting: { resolve(left: number | undefined): void; reject(error: Error): void } | undefined;

  /** @param sink - receives the inflated bytes in order; must not use them after it returns */
  constructor(private readonly sink: (inflated: Buffer) => void) {
    // Read on demand, not by "data" events, so that the next chunk is inflated while the sink processes this one.
    this.zlib.on("readable", () => void this.pump());
    this.zlib.on("end", () => {
      this.hasEnded = true;
      if (!this.isPumping) this.finish();
    });
    this.zlib.on("error", (error) =>
      this.fail(malformed("the archive's compressed data is damaged", undefined, error)),
    );
  }

  /** @returns how many bytes of the chunk follow the end of the stream; `undefined` while it has not ended */
  async write(chunk: Uint8Array): Promise<number | undefined> {
    if (this.failure !== undefined) throw this.failure;
    return await new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.written += chunk.length;
      // If bytes follow the end of the stream, zlib does not always call back (Node 20), so "end" settles the promise
      // instead.
      this.zlib.write(chunk, (error) => {
        if (!error && this.zlib.bytesWritten === this.written) resolve(undefined);
      });
    });
  }

  /** Settles once the sink has received everything that was written. */
  async idle(): Promise<void> {
    while (this.failure === undefined && (this.isPumping || this.zlib.readableLength > 0)) await turn();
    if (this.failure !== undefined) throw this.failure;
  }

  destroy(): void {
    this.fail(abandoned());
  }

  /**
   * Passes inflated bytes to the sink. Hostile records take long to process, so it yields to the event loop regularly.
   */
  private async pump(): Promise<void> {
    if (this.isPumping) return;
    this.isPumping = true;
    let since = performance.now();
    try {
      for (let chunk = this.read(); chunk !== null && this.failure === undefined; chunk = this.read()) {
        for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
          this.sink(chunk.subarray(at, at + PIECE_BYTES));
          if (performance.now() - since < TURN_MS) continue;
          await turn();
          if (this.hasFailed) return;
          since = performance.now();
        }
      }
    } catch (error) {
      this.fail(error as Error);
    } finally {
      this.isPumping = false;
      if (this.hasEnded && this.failure === undefined) this.finish();
    }
  }

  private get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  private finish(): void {
    this.waiting?.resolve(this.written - this.zlib.bytesWritten);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.zlib.destroy();
    this.waiting?.reject(this.failure);
  }

  private read(): Buffer | null {
    return this.zlib.read() as Buffer | null;
  }
}
