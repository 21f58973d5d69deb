/** A limit on silence: not on how long work takes, but on how long it may show no progress. */

/**
 * What is still asked of a server after a failure, or after a wish to stop, has this long in all: it may be the silent
 * one.
 */
export const TIDY_MS = 5000;

/** The reason that the signal of stalled work is aborted with. */
export class Stall extends Error {
  override readonly name = "TimeoutError";
  readonly code = "TimeoutError";
}

/**
 * Runs `work`, and aborts its signal when it has shown no progress for `limitMs`, or when `signal` is aborted. Settles
 * at once then, though the work may take no notice.
 */
export async function unlessStalled<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal, progress: () => void) => Promise<T>,
): Promise<T> {
  const stalling = new AbortController();
  const either = signal === undefined ? stalling.signal : AbortSignal.any([signal, stalling.signal]);
  either.throwIfAborted();
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const progress = () => {
    clearTimeout(timer);
    if (!over) timer = setTimeout(() => stalling.abort(new Stall("no progress")), limitMs);
  };
  progress();
  try {
    return await unlessAborted(work(either, progress), either);
  } finally {
    over = true;
    clearTimeout(timer);
  }
}

/** Waits for `work`, but no longer than until the signal is aborted; then fails with the signal's reason. */
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
