/** `retention` as a program writes it, and the policy that it is. */

import { compact } from "../compact";
import type { Policy } from "../retention/policy";
import { type ArgumentProblem, checkRow, readRows } from "./kinds";
import { RETENTION } from "./tables/retention";
import { SNAPSHOT } from "./tables/snapshot";

/** Every rule that `retention` may have. */
export const RETENTION_KEYS = Object.keys(RETENTION) as (keyof typeof RETENTION)[];

/**
 * Everything that is wrong with `retention`. Unknown values (symbols) are not judged.
 *
 * @param path - what the front end calls it. Default: as a program does
 */
export function checkRetention(value: unknown, path = "retention"): ArgumentProblem[] {
  return checkRow(path, SNAPSHOT.retention, value);
}

/** A rule of the table that the policy does not know would keep nothing, and remove: it does not compile. */
type Counts = Pick<Policy, Exclude<keyof typeof RETENTION, "keepWithin">>;

/** The policy, once `checkRetention` has found no problem. Without `retention` it is empty, and keeps everything. */
export function readRetention(value: unknown): Policy {
  const { keepWithin, ...rules } = readRows(RETENTION, value);
  const counts: Counts = compact(rules);
  return compact({ ...counts, keepWithinMs: keepWithin });
}
