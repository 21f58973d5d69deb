/** Whether somebody may have added an archive: to a series with a record, which does not contain it. */

import type { ListedArchive } from "../catalog/list";
import { isCode } from "../errors";
import { fixedFolder } from "../store/nameTemplate";
import type { Store } from "../store/store";
import { Ledger } from "./ledger";

/**
 * A record that may not be read says nothing, and neither does one in another folder than that of the archive.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function isUnrecorded(store: Store, archive: ListedArchive, signal: AbortSignal): Promise<boolean> {
  return (await recordWithout(store, archive, signal)) !== undefined;
}

/**
 * The record that does not contain the archive, if there is one.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function recordWithout(
  store: Store,
  { archive, manifest }: ListedArchive,
  signal: AbortSignal,
): Promise<Ledger | undefined> {
  try {
    const ledger = await Ledger.read(store, fixedFolder(archive.key), manifest.series, signal);
    return ledger.exists && !ledger.isOwn({ archive, storedSha256: manifest.storedSha256 }) ? ledger : undefined;
  } catch (error) {
    if (isCode(error, "STORE_DENIED")) return undefined;
    throw error;
  }
}
