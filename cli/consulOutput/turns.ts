/** Yields to the event loop from time to time while large output is prepared. */

import { performance } from "node:perf_hooks";

/** Maximum duration of work without a yield, in milliseconds. */
const LONGEST_MS = 15;
/** Number of steps between two checks of the clock. */
const STEPS = 64;

export class Turns {
  #steps = 0;
  #since = performance.now();

  /** To be called at each step: whether to yield now. */
  isDue(): boolean {
    return ++this.#steps % STEPS === 0 && performance.now() - this.#since > LONGEST_MS;
  }

  async give(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

/** Collects bytes piece by piece in a buffer that grows by doubling. */
export class Filling {
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
  const turns = new Turns();
  const bytes = new Filling();
  for (const piece of pieces) {
    if (turns.isDue()) await turns.give();
    bytes.add(piece);
  }
  return bytes.end();
}
