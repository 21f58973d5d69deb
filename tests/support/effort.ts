/**
 * How much a run of the tests does. `npm test` proves each promise once in each way that can break it; `npm test --
 * --full` also repeats: every combination, and what is left to chance many times.
 */

/** The name of the variable that `tools/test.mjs --full` sets. */
const full = process.env.TEST_EFFORT === "full";

export const effort = {
  full,
  /** Picks the count, list or size of this run. */
  choose: <T>(normal: T, atFull: T): T => (full ? atFull : normal),
} as const;
