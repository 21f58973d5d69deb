/** A stream cut into parts of one size, several of them on their way at once. */

/** Memory for parts, used again: what lies between two garbage collections would be many times as much. */
export class PartMemory {
  private readonly free: Buffer[] = [];

  /** @param size - of a part, in bytes */
  constructor(readonly size: number) {}

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  /** Nothing reads this part any more. */
  give(part: Buffer): void {
    if (part.length === this.size) this.free.push(part);
  }
}

/**
 * Cuts a stream into buffers of the memory's size; only the last one is shorter. A stream without bytes has no part.
 * Chunks are copied: whoever made one may use it again.
 */
export async function* partsOf(source: AsyncIterable<Uint8Array>, memory: PartMemory): AsyncGenerator<Buffer> {
  const { size } = memory;
  let part = memory.take();
  let filled = 0;
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.length; ) {
      const piece = chunk.subarray(taken, taken + size - filled);
      part.set(piece, filled);
      taken += piece.length;
      filled += piece.length;
      if (filled < size) continue;
      yield part;
      part = memory.take();
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/**
 * Sends parts in order, at most `parallel` at once, and gives the answers in order. The next part is asked for only
 * when there is room for it. A failure, of a part or of the source, cancels the others and waits for them to end.
 *
 * @param send - `number` counts from 1; it must heed the signal
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

/** The same stream, which ends with the signal's reason as soon as that is aborted, even while a chunk is awaited. */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await orAborted(() => iterator.next(), signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    const left = iterator.return?.();
    // A source that is still waiting for its own data hears of this later; nobody waits for it.
    if (signal.aborted) void Promise.resolve(left).catch(() => undefined);
    else await left;
  }
}

/** A promise of its own for each step: a long-lived one would keep, in every race, the chunk that won it. */
async function orAborted<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([step(), aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
