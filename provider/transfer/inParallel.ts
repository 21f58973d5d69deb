/** Small requests to a store, several at once. */

const AT_ONCE = 8;

/**
 * Does `work` for each item. After the first failure, or when `signal` is aborted, nothing new is begun; what had begun
 * is awaited, and then it throws.
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
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failures.length > 0) throw failures[0];
}
