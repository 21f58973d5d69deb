/** The newest restorable archive of a folder or a prefix: what `--latest` means. */

import { SnapshotError } from "../../provider/errors";
import { listPlace } from "../../provider/catalog/list";
import { hasSafetySnapshot, newestOfEachSeries } from "../../provider/catalog/newest";
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
          `Specify one by its path: consul-snapshot list ${shown(shellWord(name))}`,
        );
      }
      throw new SnapshotError(
        "STORE_NOT_FOUND",
        `no restorable archive${ofSeries} is at ${shown(name)}`,
        `Look at what is there: consul-snapshot list --all ${shown(shellWord(name))}`,
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
    return formatLocation(location, first.key);
  });
}
