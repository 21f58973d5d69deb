/** Small requests to a store, several at once. */

import { unlessAborted } from "../store/stall";

const AT_ONCE = 8;

/**
 * Does `work` for each item. After the first failure nothing new is begun; what had begun is awaited, and then it throws.
 * When `signal` is aborted it throws at once, and what had begun ends by itself.
 */
export async function inParallel<T>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
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
  await unlessAborted(Promise.all(Array.from({ length: AT_ONCE }, worker)), signal);
  if (failures.length > 0) throw failures[0];
}
