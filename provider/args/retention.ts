/** `retention` as a program writes it, and the policy that it is. */

import { compact } from "../compact";
import type { Policy } from "../retention/policy";
import { type ArgumentProblem, checkRow, readRows } from "./kinds";
import { RETENTION } from "./tables/retention";
import { SNAPSHOT } from "./tables/snapshot";

/** The rules as a program writes them: those of a policy, with a duration in place of milliseconds. */
type RetentionKey = Exclude<keyof Policy, "keepWithinMs"> | "keepWithin";

/** Every rule that `retention` may have. One that the table or the policy does not have does not compile. */
export const RETENTION_KEYS: readonly RetentionKey[] = Object.keys(
  RETENTION satisfies Readonly<Record<RetentionKey, unknown>>,
) as (keyof typeof RETENTION)[];

/**
 * Everything that is wrong with `retention`. Unknown values (symbols) are not judged.
 *
 * @param path - what the front end calls it. Default: as a program does
 */
export function checkRetention(value: unknown, path = "retention"): ArgumentProblem[] {
  return checkRow(path, SNAPSHOT.retention, value);
}

/** The policy, once `checkRetention` has found no problem. Without `retention` it is empty, and keeps everything. */
export function readRetention(value: unknown): Policy {
  const { keepWithin, ...rules } = readRows(RETENTION, value);
  return compact({ ...rules, keepWithinMs: keepWithin });
}
