/** How long an agent that gave up its leadership does not compete for it. Pure. */

/** Longer than other agents need to notice that the lock is free. */
const FIRST_PAUSE_MS = 30_000;

/**
 * The pause doubles each time, so that an agent without others does not take a snapshot every half minute while a destination
 * keeps failing. It ends when the next snapshot is due, so that working destinations do not miss one.
 *
 * @param times - how many times in a row the agent gave up, at least 1
 * @param nextStarts - when snapshots are due by the schedules
 * @returns milliseconds
 */
export function pauseAfterGivingUp(times: number, nextStarts: readonly Date[], now: Date): number {
  const doubled = FIRST_PAUSE_MS * 2 ** (times - 1);
  const untilDue = nextStarts.reduce((least, start) => Math.min(least, start.getTime() - now.getTime()), doubled);
  return Math.max(FIRST_PAUSE_MS, untilDue);
}
