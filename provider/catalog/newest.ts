/** The newest archive of a place that can be restored. */

import type { Listed, ListedArchive } from "./list";

/** Whether it is a backup with its original length that the Consul version which wrote it can restore. */
export function isRestorableBackup(archive: ListedArchive): boolean {
  return archive.manifest.purpose === "backup" && isRestorable(archive);
}

function isRestorable({ intact, manifest }: ListedArchive): boolean {
  return intact && manifest.restorable?.ok !== false;
}

/** Whether there is a restorable safety snapshot, which no search for the newest backup finds. */
export async function hasSafetySnapshot(listing: AsyncIterable<Listed>, series: string | undefined): Promise<boolean> {
  for await (const listed of listing) {
    if (listed.kind !== "archive" || listed.manifest.purpose !== "safety" || !isRestorable(listed)) continue;
    if (series === undefined || listed.manifest.series === series) return true;
  }
  return false;
}

/** Whether it was taken later, or at the same time with a higher index. */
export function isNewer(one: ListedArchive, other: ListedArchive): boolean {
  const later = Date.parse(one.manifest.takenAt) - Date.parse(other.manifest.takenAt);
  return later > 0 || (later === 0 && one.manifest.index > other.manifest.index);
}

/** The newest restorable backup of each series. Memory grows with the number of series. */
export async function newestOfEachSeries(listing: AsyncIterable<Listed>): Promise<ReadonlyMap<string, ListedArchive>> {
  const newest = new Map<string, ListedArchive>();
  for await (const listed of listing) {
    if (listed.kind !== "archive" || !isRestorableBackup(listed)) continue;
    const { series } = listed.manifest;
    const former = newest.get(series);
    if (former === undefined || isNewer(listed, former)) newest.set(series, listed);
  }
  return newest;
}
