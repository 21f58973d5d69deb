/** Helpers that stop waiting as soon as a signal is aborted, even if the awaited work ignores the signal. */

/** Waits for `work`. If the signal is aborted first, rejects with the signal's reason. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Passes a stream through. As soon as the signal is aborted, even while waiting for a chunk, throws the signal's
 * reason.
 */
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
    // A source that is still waiting for data ends later; nothing waits for it here.
    if (signal.aborted) void Promise.resolve(left).catch(() => undefined);
    else await left;
  }
}

/** Each step gets its own promise: a single long-lived promise would keep a reference to the chunk of every race. */
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
