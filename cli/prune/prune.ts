/** `consul-snapshot prune`: applies retention manually, for archives that a run has refused to remove on its own. */

import { isEmpty } from "../../provider/retention/policy";
import { pruneDeliberately } from "../../provider/retention/prune";
import { withStore } from "../../provider/store/backends";
import { parseLocation } from "../../provider/store/location";
import { composed } from "../../provider/text";
import type { CommandIo } from "../description/command";
import type { OptionValues } from "../description/option";
import { usageError } from "../description/usageError";
import type { retentionOptions } from "../options/retention";
import { retentionPolicy } from "../options/retentionPolicy";
import { interruptibleOn } from "../terminal/interruption";
import { jsonText } from "../terminal/json";

const NOT_REMOVED = 2;

export interface PruneOptions extends OptionValues<typeof retentionOptions> {
  /** `organization/project/stack/name`. */
  readonly series: string;
  readonly dryRun?: boolean;
  readonly format?: string;
}

/**
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID`, `STORE_*`, `INTERRUPTED`
 */
export async function pruneByHand(
  target: string,
  options: PruneOptions,
  { output, errors }: CommandIo,
): Promise<number> {
  const isJson = options.format === "json";
  const isDryRun = options.dryRun === true;
  const policy = retentionPolicy(options, "prune");
  if (isEmpty(policy)) {
    throw usageError("there is no rule of what to keep", "Specify at least one, such as --keep-last 7.");
  }
  const place = parseLocation(target);
  const remains = isDryRun ? "nothing was removed" : "some archives may have been removed";
  const pruned = await interruptibleOn(errors, remains, (progress) =>
    withStore(place, (store) =>
      pruneDeliberately(
        { store, template: place.key, series: options.series, policy, now: new Date() },
        isDryRun,
        isJson ? progress : { ...progress, info: (message) => output.write(composed`${message}\n`) },
      ),
    ),
  );
  if (isJson) output.write(jsonText({ series: options.series, dryRun: isDryRun, ...pruned }));
  return pruned.left.length === 0 ? 0 : NOT_REMOVED;
}
