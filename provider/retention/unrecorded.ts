/** Whether somebody may have added an archive: to a series with a record, which does not contain it. */

import type { ListedArchive } from "../catalog/list";
import { fixedFolder } from "../store/nameTemplate";
import type { Store } from "../store/store";
import type { Ledger } from "./ledger";
import { foldersOf, readReachable } from "./recordArchive";

/**
 * A record that may not be read says nothing.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function isUnrecorded(store: Store, archive: ListedArchive, signal: AbortSignal): Promise<boolean> {
  return (await recordWithout(store, archive, signal)) !== undefined;
}

/** The record of a series, and the folder in which it lies. */
export interface FoundRecord {
  readonly ledger: Ledger;
  readonly folder: string;
}

/**
 * The record that does not contain the archive, if there is one: the nearest one decides, in the archive's folder, or in one above
 * if it contains other archives of that folder. Otherwise the folder is of another target, which may have no retention.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function recordWithout(
  store: Store,
  { archive, manifest }: ListedArchive,
  signal: AbortSignal,
): Promise<FoundRecord | undefined> {
  for (const folder of [...foldersOf(archive.key)].reverse()) {
    const ledger = await readReachable(store, folder, manifest.series, signal);
    if (ledger?.exists !== true) continue;
    if (folder !== fixedFolder(archive.key) && !ledger.coversFolderOf(archive.key)) continue;
    return ledger.isOwn({ archive, storedSha256: manifest.storedSha256 }) ? undefined : { ledger, folder };
  }
  return undefined;
}
