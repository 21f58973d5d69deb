/**
 * The newest archives of a destination, from its manifests: schedules continue from them, and health depends on them. Those of
 * another cluster do not count, nor those that no run has recorded: anybody with the right to add objects can add one of any time.
 */

import { dirname } from "node:path";
import { withOwnSignal } from "../provider/abort";
import { compact } from "../provider/compact";
import { isCode } from "../provider/errors";
import { foreignArchives } from "../provider/retention/foreignArchives";
import { Ledger } from "../provider/retention/ledger";
import { listSeries } from "../provider/retention/listing";
import type { ManifestCache } from "../provider/retention/manifestCache";
import { type Archive, CLOCK_TOLERANCE_MS } from "../provider/retention/policy";
import { isMissingFolder } from "../provider/store/file/missingFolder";
import { fixedPrefix } from "../provider/store/nameTemplate";
import type { Store } from "../provider/store/store";
import type { Destination } from "./config/destinations";
import { withDestination } from "./destinationStore";
import type { OwnCluster } from "./ownCluster";

export interface Newest {
  /** When the newest archive was taken. */
  readonly takenAt?: Date;
  /** When the newest restorable archive was taken. An archive from the future does not count. */
  readonly restorableAt?: Date;
}

/** What a reading depends on. */
export interface Reading {
  /** What this process has read of this destination. Default: nothing. */
  readonly cache?: ManifestCache;
  readonly cluster: Pick<OwnCluster, "isOther">;
  /** The current time. */
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** @throws SnapshotError `STORE_*`, `TARGET_INVALID`, `INTERRUPTED` */
export async function readNewest(destination: Destination, { cache, cluster, now, signal }: Reading): Promise<Newest> {
  const { target, series } = destination;
  const look = async (store: Store, own: AbortSignal): Promise<Newest> => {
    const place = compact({ store, template: target.key, series, cache });
    const { archives } = await listSeries(place, undefined, own);
    const foreign = foreignArchives(await Ledger.read(store, target.key, series, own), archives);
    const intact = archives.filter(
      (found) =>
        found.intact && found.isOfOtherTarget !== true && !foreign.has(found) && !cluster.isOther(found.serverIds),
    );
    const last = now.getTime() + CLOCK_TOLERANCE_MS;
    const usable = intact.filter(({ restorable, takenAt }) => restorable && takenAt.getTime() <= last);
    return compact({ takenAt: latest(intact), restorableAt: latest(usable) });
  };
  return withOwnSignal(signal, (own) => withDestination(destination, (store) => look(store, own)));
}

/**
 * As `readNewest`, for a destination that may not have been used yet: a folder that does not exist has no archive.
 *
 * @throws SnapshotError as `readNewest` does, except `STORE_NOT_FOUND`
 */
export async function readLastSaved(destination: Destination, reading: Reading): Promise<Newest> {
  try {
    return await readNewest(destination, reading);
  } catch (error) {
    if (isCode(error, "STORE_NOT_FOUND")) return {};
    throw error;
  }
}

/** Whether a destination is a folder that does not exist, so that the first snapshot creates it. */
export async function lacksFolder({ target }: Pick<Destination, "target">): Promise<boolean> {
  return target.scheme === "file" && isMissingFolder(dirname(`${fixedPrefix(target.key)}x`));
}

function latest(archives: readonly Archive[]): Date | undefined {
  const [first, ...others] = archives.map(({ takenAt }) => takenAt);
  return first && others.reduce((last, time) => (time > last ? time : last), first);
}
