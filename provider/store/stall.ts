/** A limit on stalls: not on how long work takes, but on how long it may show no progress. */

import { unlessAborted } from "../abort";

/**
 * Total time for cleanup requests after a failure or a cancellation: the server may be the one that does not respond.
 */
export const TIDY_MS = 5000;

/** The abort reason of stalled work. */
export class Stall extends Error {
  override readonly name = "TimeoutError";
  readonly code = "TimeoutError";
}

/**
 * Runs `work`, and aborts its signal if it shows no progress for `limitMs`, or if `signal` is aborted. It then settles
 * immediately, even if the work ignores the signal.
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
