/** The retention policy that options make. */

import { problemWith } from "../../provider/args/kinds";
import { RETENTION_KEYS, readRetention } from "../../provider/args/retention";
import { RETENTION } from "../../provider/args/tables/retention";
import { optionFlag } from "../../provider/optionFlag";
import type { OptionValues } from "../description/option";
import { helpHint, usageError } from "../description/usageError";
import type { retentionOptions } from "./retention";

/**
 * @param command - whose options they are
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function retentionPolicy(
  options: OptionValues<typeof retentionOptions>,
  command: string,
): ReturnType<typeof readRetention> {
  const rules: Record<string, unknown> = {};
  for (const key of RETENTION_KEYS) {
    const text = options[key];
    if (text === undefined) continue;
    const rule = key === "keepWithin" ? text : Number(text);
    const problem = problemWith(optionFlag(key), RETENTION[key], rule);
    if (problem !== undefined) throw usageError(problem, helpHint({ name: command }));
    rules[key] = rule;
  }
  return readRetention(rules);
}
