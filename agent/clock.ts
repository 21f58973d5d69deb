/** The clock, as an interface, so that tests can simulate a week in seconds. */

import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  now(): Date;
  /**
   * Resolves at a time, or when the signal is aborted; never rejects. It does not last longer than it would have at its
   * beginning: if the clock is set back meanwhile, it resolves before that time.
   */
  wait(until: Date, signal: AbortSignal): Promise<void>;
}

/** How often to look at the wall clock while waiting: it can be set, and a machine can sleep. */
const LOOK_MS = 15_000;

export const systemClock: Clock = {
  now: () => new Date(),
  async wait(until, signal) {
    const endsAt = performance.now() + until.getTime() - systemClock.now().getTime();
    for (;;) {
      const left = Math.min(until.getTime() - systemClock.now().getTime(), endsAt - performance.now());
      if (left <= 0 || signal.aborted) return;
      await delay(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => undefined);
    }
  },
};
