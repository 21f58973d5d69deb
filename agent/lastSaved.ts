/** The newest archives of a destination, from its manifests: schedules continue from them, and health depends on them. */

import { compact } from "../provider/compact";
import { isCode } from "../provider/errors";
import { listSeries } from "../provider/retention/listing";
import type { ManifestCache } from "../provider/retention/manifestCache";
import { type Archive, CLOCK_TOLERANCE_MS } from "../provider/retention/policy";
import type { Store } from "../provider/store/store";
import type { Destination } from "./config/destinations";
import { withDestination } from "./destinationStore";

export interface Newest {
  /** When the newest archive was taken. */
  readonly takenAt?: Date;
  /** When the newest restorable archive was taken. An archive from the future does not count. */
  readonly restorableAt?: Date;
}

/**
 * @param cache - what this process has read of this destination
 * @param now - the current time
 * @throws SnapshotError `STORE_*`, `TARGET_INVALID`, `INTERRUPTED`
 */
export async function readNewest(
  destination: Destination,
  cache: ManifestCache | undefined,
  now: Date,
  signal: AbortSignal,
): Promise<Newest> {
  const { target, series } = destination;
  const look = async (store: Store): Promise<Newest> => {
    const place = compact({ store, template: target.key, series, cache });
    const { archives } = await listSeries(place, undefined, signal);
    const intact = archives.filter(({ intact }) => intact);
    const last = now.getTime() + CLOCK_TOLERANCE_MS;
    const usable = intact.filter(({ restorable, takenAt }) => restorable && takenAt.getTime() <= last);
    return compact({ takenAt: latest(intact), restorableAt: latest(usable) });
  };
  return withDestination(destination, look);
}

/**
 * As `readNewest`, for a destination that may not have been used yet: a folder that does not exist has no archive.
 *
 * @throws SnapshotError as `readNewest` does, except `STORE_NOT_FOUND`
 */
export async function readLastSaved(
  destination: Destination,
  cache: ManifestCache | undefined,
  now: Date,
  signal: AbortSignal,
): Promise<Newest> {
  try {
    return await readNewest(destination, cache, now, signal);
  } catch (error) {
    if (isCode(error, "STORE_NOT_FOUND")) return {};
    throw error;
  }
}

function latest(archives: readonly Archive[]): Date | undefined {
  const [first, ...others] = archives.map(({ takenAt }) => takenAt);
  return first && others.reduce((last, time) => (time > last ? time : last), first);
}
