/** The archives of a folder or a prefix that a person asks to verify. */

import { listPlace } from "../../provider/catalog/list";
import { formatLocation } from "../../provider/store/location";
import { withPlace } from "../../provider/catalog/place";
import { isArchiveName } from "../source/archiveName";
import { missingFolderOf } from "../source/missingFolder";

export interface Folder {
  /** Locations, in the store's order. */
  readonly archives: readonly string[];
  /** Manifests whose archive is not there. */
  readonly orphans: number;
  /** Objects that neither have a manifest nor the name of an archive. */
  readonly others: number;
  /** Whether the folder does not exist. Default: false. */
  readonly isMissing?: true;
}

/**
 * @param signal - ends the listing
 * @throws SnapshotError `TARGET_INVALID`, `STORE_*`; the signal's reason
 */
export function listFolder(target: string, signal: AbortSignal): Promise<Folder> {
  return withPlace(target, signal, async (place) => {
    if ((await missingFolderOf(place)) !== undefined) return { archives: [], orphans: 0, others: 0, isMissing: true };
    const { store, location, prefix } = place;
    const archives: string[] = [];
    let [orphans, others] = [0, 0];
    for await (const listed of listPlace(store, prefix, signal, true)) {
      if (listed.kind === "orphan") orphans++;
      else if (listed.kind === "archive" || isArchiveName(listed.key)) {
        archives.push(formatLocation(location, listed.key));
      } else others++;
    }
    return { archives, orphans, others };
  });
}
