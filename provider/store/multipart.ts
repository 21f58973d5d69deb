/** Splits a stream into parts and sends several in parallel. */

import { untilAborted } from "../abort";
import { RETURNED_BYTES } from "../returnedMemory";

const MIB = 1024 * 1024;
/** The smallest part that S3 accepts, except for the last one. Each upload has four parts in memory. */
export const PART_BYTES = 5 * MIB;
const LATER_PART_BYTES = 16 * MIB;
/** S3 accepts 10,000 parts. With this many of the first size, an archive can have 110 GB. */
const FIRST_PARTS = 5000;

/**
 * The size of a part, in bytes. Up to 26 GB all parts have the same size, because some servers require it (Cloudflare
 * R2).
 *
 * @param number - counts from 1
 */
export function partBytes(number: number): number {
  return number <= FIRST_PARTS ? PART_BYTES : LATER_PART_BYTES;
}

/**
 * A pool of buffers for parts, which share large blocks. Without it, the buffers that accumulate between two garbage
 * collections would take many times as much memory.
 */
export class PartMemory {
  private free: Buffer[] = [];
  private block: Buffer = Buffer.alloc(0);

  /** @param size - the size of the part with a number, in bytes. Default: `partBytes` */
  constructor(readonly size: (number: number) => number = partBytes) {}

  take(number: number): Buffer {
    const bytes = this.size(number);
    this.free = this.free.filter(({ length }) => length === bytes);
    return this.free.pop() ?? this.cut(bytes);
  }

  /** Returns a part to the pool. Nothing may read it afterwards. */
  give(part: Buffer): void {
    this.free.push(part);
  }

  private cut(bytes: number): Buffer {
    if (this.block.length < bytes) this.block = Buffer.allocUnsafeSlow(Math.max(bytes, RETURNED_BYTES));
    const part = this.block.subarray(0, bytes);
    this.block = this.block.subarray(bytes);
    return part;
  }
}

/**
 * Splits a stream into buffers of the pool's sizes; only the last one may be shorter. An empty stream has no part.
 * Chunks are copied, because their producer may reuse them.
 */
export async function* partsOf(source: AsyncIterable<Uint8Array>, memory: PartMemory): AsyncGenerator<Buffer> {
  let number = 1;
  let part = memory.take(number);
  let filled = 0;
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.length; ) {
      const piece = chunk.subarray(taken, taken + part.length - filled);
      part.set(piece, filled);
      taken += piece.length;
      filled += piece.length;
      if (filled < part.length) continue;
      yield part;
      part = memory.take(++number);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/**
 * Sends parts in order, at most `parallel` at a time, and returns the responses in order. It requests the next part
 * only when there is room for it. A failure of a part or of the source cancels the other parts and waits for them to
 * end.
 *
 * @param send - `number` counts from 1; it must honor the signal
 */
export async function sendAll<T>(
  parts: AsyncIterable<Buffer>,
  parallel: number,
  signal: AbortSignal,
  send: (part: Buffer, number: number, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const answers: T[] = [];
  const running = new Set<Promise<void>>();
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  try {
    let number = 0;
    for await (const part of untilAborted(parts, either)) {
      const index = number++;
      const task = send(part, number, either).then(
        (answer) => void (answers[index] = answer),
        (error: unknown) => failing.abort(error),
      );
      running.add(task);
      void task.then(() => running.delete(task));
      if (running.size >= parallel) await Promise.race(running);
    }
    await Promise.all(running);
    either.throwIfAborted();
    return answers;
  } catch (error) {
    failing.abort(error);
    await Promise.all(running);
    throw error;
  }
}
