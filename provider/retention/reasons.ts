/** Why retention keeps the archives of a series, without removing any. */

import type { Store } from "../store/store";
import { foreignArchives } from "./foreignArchives";
import { Ledger } from "./ledger";
import { listSeries } from "./listing";
import { decide, isEmpty, isUsableBackup, newestFirst, type Policy, withoutSave } from "./policy";

/** Whether retention keeps an archive, and why. */
export interface Reasoning {
  readonly kept: boolean;
  readonly reasons: readonly string[];
}

/**
 * @param template - the name template of the target; its constant prefix is listed
 * @param policy - the rules to apply. Default: those of the last run with retention, from the ledger
 * @returns the reasons by location, without safety snapshots and archives of another cluster; empty if no policy is
 * known
 * @throws SnapshotError `STORE_*`
 */
export async function reasonsToKeep(
  store: Store,
  template: string,
  series: string,
  policy: Policy | undefined,
  now: Date,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Reasoning>> {
  const ledger = await Ledger.read(store, template, series, signal);
  const rules = policy ?? ledger.rules;
  if (rules === undefined || isEmpty(rules)) return new Map();
  const listing = await listSeries({ store, template, series }, undefined, signal);
  const foreign = foreignArchives(ledger, listing.archives);
  const archives = listing.archives.map((found) => (foreign.has(found) ? { ...found, foreign: true } : found));
  const [newest] = archives.filter(isUsableBackup).sort(newestFirst);
  if (newest === undefined) return new Map();
  const { keep, remove, refusal } = decide(archives, newest, rules, now);
  const because = refusal === undefined ? [] : [refusal];
  return new Map([
    ...keep.map(({ archive, reasons }): [string, Reasoning] => [
      archive.location,
      { kept: true, reasons: [...withoutSave(reasons), ...because] },
    ]),
    ...remove.map(({ archive, reasons }): [string, Reasoning] => [archive.location, { kept: false, reasons }]),
  ]);
}
