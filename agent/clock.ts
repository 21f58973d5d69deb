/** Time, so that tests can let a week pass in seconds. */

import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  now(): Date;
  /** Resolves at a time, or when the signal is aborted; never rejects. */
  wait(until: Date, signal: AbortSignal): Promise<void>;
}

/** The wall clock is asked this often: it can be set, and a machine can sleep. */
const LOOK_MS = 15_000;

export const systemClock: Clock = {
  now: () => new Date(),
  async wait(until, signal) {
    for (;;) {
      const left = until.getTime() - systemClock.now().getTime();
      if (left <= 0 || signal.aborted) return;
      await delay(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => undefined);
    }
  },
};
