/** Helpers that stop waiting as soon as a signal is aborted, even if the awaited work ignores the signal. */

import { setMaxListeners } from "node:events";

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
 * Does work with a signal of its own, which is aborted with another one. For work that a process repeats for months: Node.js 20
 * remembers each signal that `AbortSignal.any` makes of another one for as long as that one lives.
 */
export async function withOwnSignal<T>(signal: AbortSignal, work: (own: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  // Requests in parallel listen, and Node.js would warn about more than ten.
  setMaxListeners(0, own.signal);
  const abort = (): void => own.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort);
  try {
    return await work(own.signal);
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
