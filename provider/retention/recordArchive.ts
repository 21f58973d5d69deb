/** Records an archive that a person has added to a series, so that retention counts it. */

import type { Manifest } from "../catalog/manifest";
import type { Store, StoredObject } from "../store/store";
import { reachableLedgers } from "./reachableLedgers";

/**
 * Where there is no ledger, nothing is written.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function recordArchive(
  store: Store,
  archive: StoredObject,
  { series, storedSha256 }: Pick<Manifest, "series" | "storedSha256">,
  signal: AbortSignal,
): Promise<void> {
  for await (const { ledger } of reachableLedgers(store, archive.key, series, signal)) {
    await ledger.append({ archive, storedSha256 }, signal);
  }
}
