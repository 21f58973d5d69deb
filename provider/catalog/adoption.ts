/** Gives a manifest to an archive that another program has made. Everything in it is read from the archive. */

import { isCode, SnapshotError } from "../errors";
import { programName } from "../program";
import { sentence } from "../text";
import { headIfPlaceExists } from "../store/smallObject";
import { TIDY_MS } from "../store/stall";
import type { Store, StoredObject } from "../store/store";
import { ManifestClaim } from "./claim";
import { describeArchive } from "./newManifest";
import { type Manifest, manifestKey } from "./manifest";
import { readStoredArchive, type Reading } from "./storedArchive";

/**
 * Reads a stored archive to its end, and writes a manifest beside it. One that is there is never replaced.
 *
 * @param location - of the archive, as the manifest has it
 * @param series - that the archive then belongs to
 * @throws SnapshotError `ARCHIVE_*`, `STATE_*` when the archive is invalid, `DECRYPTION_FAILED`, `STORE_EXISTS` when there is
 *   a manifest, `STORE_CHANGED` when the archive was replaced meanwhile, other `STORE_*`; then no manifest is left
 */
export async function adoptArchive(
  store: Store,
  object: StoredObject,
  location: string,
  series: string,
  reading: Reading,
): Promise<Manifest> {
  const { key, version } = object;
  const found = await headIfPlaceExists(store, manifestKey(key), { signal: reading.signal });
  if (found !== undefined) throw hasManifest(location);
  const { report, encrypted } = await readStoredArchive(store, object, reading);
  // The archive does not show whether the leader vouched for it.
  const manifest = describeArchive(report, location, { series, purpose: "backup", consistency: "stale" }, encrypted);
  const claim = new ManifestClaim(store, key, false);
  try {
    await claim.write(manifest);
    if ((await store.head(key, { signal: reading.signal }))?.version === version) return manifest;
    throw new SnapshotError(
      "STORE_CHANGED",
      sentence`${location} was replaced while it was read`,
      "Find out which program writes there, then run it again.",
    );
  } catch (error) {
    // The first failure is the one to report.
    await claim.withdraw(AbortSignal.timeout(TIDY_MS)).catch(() => undefined);
    // Another run has adopted it meanwhile.
    throw isCode(error, "STORE_EXISTS") ? hasManifest(location) : error;
  }
}

function hasManifest(location: string): SnapshotError {
  return new SnapshotError(
    "STORE_EXISTS",
    sentence`${location} has a manifest already`,
    `${programName()} verify compares the two. To adopt the archive into another series, delete its manifest first.`,
  );
}
