/** Whether somebody may have added an archive: to a series with a record, which does not contain it. */

import type { ListedArchive } from "../catalog/list";
import { fixedFolder } from "../store/nameTemplate";
import type { Store } from "../store/store";
import { type ReachableLedger, reachableLedgers } from "./reachableLedgers";

/**
 * The record that does not contain the archive, if there is one: the nearest one decides, in the archive's folder, or in one above
 * if it contains other archives of that folder. Otherwise the folder is of another target, which may have no retention. A record
 * that may not be read says nothing.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function recordWithout(
  store: Store,
  { archive, manifest }: ListedArchive,
  signal: AbortSignal,
): Promise<ReachableLedger | undefined> {
  const { key } = archive;
  for await (const found of reachableLedgers(store, key, manifest.series, signal)) {
    const { ledger, folder } = found;
    if (!ledger.exists || (folder !== fixedFolder(key) && !ledger.coversFolderOf(key))) continue;
    return ledger.isOwn({ archive, storedSha256: manifest.storedSha256 }) ? undefined : found;
  }
  return undefined;
}
