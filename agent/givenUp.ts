/** How long an agent that gave up its leadership leaves it to others. Pure. */

/** What other agents need to notice, and some time more. */
const FIRST_PAUSE_MS = 30_000;

/**
 * The pause doubles each time, so that a destination that keeps failing does not make an agent without others take a snapshot
 * every half minute. It ends when the next snapshot is due: a destination that works must not miss one.
 *
 * @param times - how many times in a row the agent gave up, 1 at least
 * @param nextStarts - when snapshots are due by the schedules
 * @returns milliseconds
 */
export function pauseAfterGivingUp(times: number, nextStarts: readonly Date[], now: Date): number {
  const doubled = FIRST_PAUSE_MS * 2 ** (times - 1);
  const untilDue = nextStarts.reduce((least, start) => Math.min(least, start.getTime() - now.getTime()), doubled);
  return Math.max(FIRST_PAUSE_MS, untilDue);
}
