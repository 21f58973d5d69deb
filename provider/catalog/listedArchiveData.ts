/** A listed archive as data: an item in the JSON of `list` and in the result of the plugin's `listArchives`. */

import { compact } from "../compact";
import type { ListedArchive } from "./list";

/**
 * One word for whether an archive is the one that was saved, and whether the Consul version that wrote it can restore
 * it.
 */
export function stateOf({ intact, manifest: { restorable } }: ListedArchive): string {
  if (!intact) return "altered";
  if (restorable === undefined) return "intact";
  return restorable.ok ? "restorable" : "unusable";
}

/** The facts of its manifest; unknown ones are left out. */
export function listedArchiveData({ manifest, intact, archive }: ListedArchive, location: string) {
  const { snapshotId, takenAt, index, size, storedSize, sha256 } = manifest;
  const { datacenter, consulVersion, purpose, series, encrypted, restorable } = manifest;
  return compact({
    location,
    snapshotId,
    takenAt,
    index,
    size,
    storedSize,
    sha256,
    datacenter,
    consulVersion,
    purpose,
    series,
    encrypted,
    intact,
    restorable,
    writtenAt: archive.modified.toISOString(),
  });
}
