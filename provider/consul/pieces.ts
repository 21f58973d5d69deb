/**
 * Combines the chunks of a body that have arrived in the meantime into larger pieces. A socket returns tens of
 * kilobytes at a time, and each step of the consumers has a fixed cost that would dominate for so few bytes.
 */

import type { Readable } from "node:stream";
import { releaseBuffers } from "../collector";

/** The largest piece, in bytes. Memory holds two of these, plus the body's own buffer. */
const PIECE_BYTES = 1024 * 1024;

export class Pieces {
  readonly #body: Readable;
  #filling: Buffer;
  #other: Buffer;
  #filled = 0;
  /** The part of a chunk that did not fit; the body is then paused. */
  #rest: Buffer | undefined;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  /** @param size - the largest piece, in bytes. Default: 1 MiB */
  constructor(body: Readable, size = PIECE_BYTES) {
    this.#body = body;
    this.#filling = Buffer.allocUnsafeSlow(size);
    this.#other = Buffer.allocUnsafeSlow(size);
    body.on("data", (chunk: Buffer) => this.#take(chunk));
    body.once("end", () => {
      this.#isOver = true;
      this.#wake();
    });
    body.on("error", (error) => this.#fail(error));
    // A body that is destroyed without an error emits neither "end" nor "error".
    body.once("close", () => this.#fail(new Error("the body was closed before its end")));
  }

  /**
   * The next piece, valid until the next call; `undefined` at the end. Bytes that arrived before a failure are returned
   * first.
   *
   * @throws the body's own error
   */
  async next(): Promise<Buffer | undefined> {
    while (this.#filled === 0) {
      if (this.#isOver) return undefined;
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const piece = this.#filling.subarray(0, this.#filled);
    [this.#filling, this.#other] = [this.#other, this.#filling];
    this.#filled = 0;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined && this.#take(rest)) this.#body.resume();
    return piece;
  }

  /** @returns whether the whole chunk fit */
  #take(chunk: Buffer): boolean {
    const taken = chunk.subarray(0, this.#filling.length - this.#filled);
    this.#filling.set(taken, this.#filled);
    this.#filled += taken.length;
    releaseBuffers(taken.length);
    const hasRoom = taken.length === chunk.length;
    if (!hasRoom) {
      this.#rest = chunk.subarray(taken.length);
      this.#body.pause();
    }
    this.#wake();
    return hasRoom;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }
}
