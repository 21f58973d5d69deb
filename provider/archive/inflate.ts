/** One deflate stream (RFC 1951), inflated on another thread while what came before is looked at on this one. */

import type { TransformOptions } from "node:stream";
import { createInflateRaw, type ZlibOptions } from "node:zlib";
import { SnapshotError } from "../errors";
import { malformed } from "./failures";

/** Bytes that are inflated at a time. Two of these, and zlib's own 40 kB, are all that is held. */
const CHUNK_BYTES = 128 * 1024;

const OPTIONS: ZlibOptions & TransformOptions = { chunkSize: CHUNK_BYTES, readableHighWaterMark: CHUNK_BYTES };

export class Inflate {
  private readonly zlib = createInflateRaw(OPTIONS);
  private given = 0;
  private failure: Error | undefined;
  private waiting: { resolve(left: number | undefined): void; reject(error: Error): void } | undefined;

  /** @param sink - is given what is inflated, in order; must be done with it when it returns */
  constructor(sink: (inflated: Buffer) => void) {
    // Read on demand, not as "data" events: the next chunk is inflated while the sink looks at this one.
    this.zlib.on("readable", () => {
      try {
        for (let chunk = this.read(); chunk !== null; chunk = this.read()) sink(chunk);
      } catch (error) {
        this.fail(error as Error);
      }
    });
    this.zlib.on("end", () => this.waiting?.resolve(this.given - this.zlib.bytesWritten));
    this.zlib.on("error", (error) =>
      this.fail(malformed("the archive's compressed data is damaged", undefined, error)),
    );
  }

  /** @returns how many bytes of the chunk come after the stream's end, or nothing while it has not ended */
  async write(chunk: Uint8Array): Promise<number | undefined> {
    if (this.failure !== undefined) throw this.failure;
    return await new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.given += chunk.length;
      // At the stream's end zlib does not call back: "end" comes in its place.
      this.zlib.write(chunk, (error) => {
        if (!error) resolve(undefined);
      });
    });
  }

  /** Settles once the sink has seen all that was written. */
  async idle(): Promise<void> {
    while (this.failure === undefined && this.zlib.readableLength > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.failure !== undefined) throw this.failure;
  }

  destroy(): void {
    this.fail(new SnapshotError("INTERRUPTED", "the archive was not read to its end", "Read it again."));
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
