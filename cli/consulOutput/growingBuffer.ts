/** Collects bytes piece by piece in a buffer that grows by doubling. */

import { EventLoopYield } from "./eventLoopYield";

export class GrowingBuffer {
  #bytes: Buffer;
  #length = 0;

  /** @param expected - the approximate number of bytes */
  constructor(expected = 4096) {
    this.#bytes = Buffer.allocUnsafe(Math.max(expected, 64));
  }

  add(piece: string | Buffer): void {
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    this.copy(bytes, 0, bytes.length);
  }

  copy(source: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    this.#length += source.copy(this.#bytes, this.#length, from, to);
  }

  repeat(byte: number, count: number): void {
    this.#reserve(count);
    this.#bytes.fill(byte, this.#length, this.#length + count);
    this.#length += count;
  }

  end(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const wanted = this.#length + count;
    if (wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Yields to the event loop from time to time: there may be hundreds of thousands of pieces. */
export async function gather(pieces: Iterable<string | Buffer>): Promise<Buffer> {
  const pause = new EventLoopYield();
  const bytes = new GrowingBuffer();
  for (const piece of pieces) {
    if (pause.isDue()) await pause.run();
    bytes.add(piece);
  }
  return bytes.end();
}
