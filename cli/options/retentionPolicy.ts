/** The retention policy that options make. */

import { checkRetention, RETENTION_KEYS, readRetention } from "../../provider/args/retention";
import { optionFlag } from "../../provider/optionFlag";
import type { OptionValues } from "../description/option";
import { usageError } from "../description/usageError";
import type { retentionOptions } from "./retention";

/**
 * @param command - whose options they are
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function retentionPolicy(
  options: OptionValues<typeof retentionOptions>,
  command: string,
): ReturnType<typeof readRetention> {
  const rules = Object.fromEntries(
    RETENTION_KEYS.flatMap((key) => {
      const value = options[key];
      return value === undefined ? [] : [[key, key === "keepWithin" ? value : Number(value)]];
    }),
  );
  const [problem] = checkRetention(rules);
  if (problem === undefined) return readRetention(rules);
  const reason = problem.reason.replaceAll(/retention\.(\w+)/g, (_, key: string) => optionFlag(key));
  throw usageError(reason, `Run consul-snapshot ${command} --help.`);
}
