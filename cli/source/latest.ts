/** The newest restorable archive of a folder or a prefix: what `--latest` means. */

import { SnapshotError } from "../../provider/errors";
import { programName } from "../../provider/program";
import { type ListedArchive, listPlace } from "../../provider/catalog/list";
import { hasSafetySnapshot, newestOfEachSeries } from "../../provider/catalog/newest";
import { CLOCK_TOLERANCE_MS } from "../../provider/retention/policy";
import { recordWithout } from "../../provider/retention/unrecorded";
import type { Store } from "../../provider/store/store";
import { formatLocation } from "../../provider/store/location";
import { shellWord } from "../../provider/shellWord";
import { shown } from "../terminal/rows";
import { withPlace } from "../../provider/catalog/place";

/** Of the series that a message lists. */
const MOST_SERIES = 10;

/**
 * The location of the newest restorable archive of a place; the place itself where it is one archive.
 *
 * @param series - the only one that counts. Default: that of all archives there, which must be one
 * @param signal - ends the listing
 * @throws SnapshotError `STORE_NOT_FOUND` where there is none, `ARGUMENT_INVALID` for several series; `STORE_*`; the signal's
 *   reason
 */
export function latestAt(target: string, series: string | undefined, signal: AbortSignal): Promise<string> {
  return withPlace(target, signal, async ({ store, location, prefix, isObject, name }) => {
    if (isObject) return target;
    const newest = await newestOfEachSeries(listPlace(store, prefix, signal));
    const found =
      series === undefined ? [...newest.values()] : [newest.get(series)].filter((each) => each !== undefined);
    const [first, ...more] = found;
    if (first === undefined) {
      const ofSeries = series === undefined ? "" : ` of the series ${shown(JSON.stringify(series))}`;
      if (await hasSafetySnapshot(listPlace(store, prefix, signal), series)) {
        throw new SnapshotError(
          "STORE_NOT_FOUND",
          `the only restorable archives${ofSeries} at ${shown(name)} are safety snapshots of restores`,
          `Specify one by its path: ${programName()} list ${shown(shellWord(name))}`,
        );
      }
      throw new SnapshotError(
        "STORE_NOT_FOUND",
        `no restorable archive${ofSeries} is at ${shown(name)}`,
        `Look at what is there: ${programName()} list --all ${shown(shellWord(name))}`,
      );
    }
    if (more.length > 0) {
      const names = [...newest.keys()].sort();
      const rest = names.length - MOST_SERIES;
      const listed = names
        .slice(0, MOST_SERIES)
        .map((each) => shown(each))
        .join(", ");
      throw new SnapshotError(
        "ARGUMENT_INVALID",
        `${shown(name)} has archives of ${names.length} series: ${listed}${rest > 0 ? ` and ${rest} more` : ""}`,
        `Choose one with --series, such as --series ${shown(JSON.stringify(names[0] ?? ""))}.`,
      );
    }
    const doubt = await doubtAbout(store, first, signal);
    if (doubt !== undefined) {
      throw new SnapshotError(
        "ARGUMENT_INVALID",
        `it is unknown which archive of the series ${shown(first.manifest.series)} is the newest: ${doubt}`,
        `Look at what is there, and specify an archive by its path: ${programName()} list ${shown(shellWord(name))}`,
      );
    }
    return formatLocation(location, first.key);
  });
}

/** Why the archive may not be what its manifest makes it, the newest backup. */
async function doubtAbout(store: Store, archive: ListedArchive, signal: AbortSignal): Promise<string | undefined> {
  const { takenAt } = archive.manifest;
  const location = shown(store.locate(archive.key));
  if (Date.parse(takenAt) > Date.now() + CLOCK_TOLERANCE_MS)
    return `the time of ${location}, ${takenAt}, is in the future`;
  if ((await recordWithout(store, archive, signal)) !== undefined)
    return `no run has recorded ${location}, so somebody may have added it`;
  return undefined;
}
