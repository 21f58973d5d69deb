/** Runs small requests to a store in parallel. */

import { unlessAborted } from "../abort";

const AT_ONCE = 8;

/**
 * Does `work` for each item. After the first failure it starts nothing new, waits for the running work, and throws. If
 * `signal` is aborted it throws immediately, and the running work ends on its own.
 *
 * @param atOnce - maximum number in parallel. Default: 8
 */
export async function inParallel<T>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  const queue = [...items].reverse();
  const failures: unknown[] = [];
  async function worker(): Promise<void> {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
      try {
        signal.throwIfAborted();
        await work(item);
      } catch (error) {
        failures.push(error);
        queue.length = 0;
      }
    }
  }
  await unlessAborted(Promise.all(Array.from({ length: atOnce }, worker)), signal);
  if (failures.length > 0) throw failures[0];
}
