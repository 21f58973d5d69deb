/** A limit on silence: not on how long work takes, but on how long it may show no progress. */

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
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(either.reason as Error);
    either.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([work(either, progress), aborted]);
  } finally {
    over = true;
    clearTimeout(timer);
    if (abort !== undefined) either.removeEventListener("abort", abort);
  }
}
