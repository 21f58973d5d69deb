/**
 * Reports, with the first archive of a series, the other series at the same place. One of them may be the same under a former
 * name: retention then no longer removes its archives.
 */

import { untilAborted } from "../abort";
import { readListedManifest } from "../catalog/listedManifest";
import type { Manifest } from "../catalog/manifest";
import { archiveOfManifest } from "../catalog/manifestName";
import { explain } from "../errors";
import type { Reporter } from "../reporter";
import { inParallel } from "../store/inParallel";
import { fixedPrefix } from "../store/nameTemplate";
import type { Store, StoredObject } from "../store/store";
import { composed, remark } from "../text";
import { listSeries, type SeriesPlace } from "./listing";
import type { Pruned } from "./prune";

/** Each manifest is a request. */
const MAX_MANIFESTS = 100;
const MAX_SERIES = 3;

/**
 * How a front end continues a series, as a clause such as `set series: "shop"`; `undefined` if it cannot.
 *
 * @param series - the series
 */
export type Continuing = (series: string) => string | undefined;

/** Where a new series begins. */
interface Beginning extends SeriesPlace {
  /** The key of its archive, whose manifest need not be read. Default: unknown. */
  readonly except?: string;
}

/**
 * Reports the series that a new one may continue.
 *
 * @param isFormer - whether the series of this backup may be the former one
 * @throws SnapshotError `STORE_*`
 */
export async function reportOtherSeries(
  place: Beginning,
  isFormer: (backup: Manifest) => boolean,
  continuing: Continuing,
  reporter: Pick<Reporter, "signal" | "info">,
): Promise<void> {
  const { series } = place;
  const { signal } = reporter;
  for (const former of (await seriesAt(place, isFormer, signal)).slice(0, MAX_SERIES)) {
    const { archives } = await listSeries({ ...place, series: former }, undefined, signal);
    const toContinue = continuing(former);
    const how = toContinue === undefined ? "" : `; if that is the former series, ${toContinue} to continue it`;
    reporter.info(
      remark`this is the first archive of the series ${series}; retention does not remove the ${counted(archives)} of ${former} at the same place${how}`,
    );
  }
}

/**
 * Reports the series of the same cluster after the first archive of a series, if there was a retention policy. Never fails.
 *
 * @param template - the target's name template
 * @param saved - the new archive, and what retention did after it
 * @param atTarget - does work with the target's store
 */
export async function reportSeriesBeside(
  template: string,
  {
    manifest,
    stored,
    pruned,
  }: { readonly manifest: Manifest; readonly stored: StoredObject; readonly pruned?: Pruned },
  atTarget: (work: (store: Store) => Promise<void>) => Promise<void>,
  continuing: Continuing,
  reporter: Pick<Reporter, "signal" | "info">,
): Promise<void> {
  if (!isFirst(pruned)) return;
  const { series, servers } = manifest;
  const isOfCluster = (other: Manifest): boolean =>
    other.servers.some(({ id }) => servers.some((server) => server.id === id));
  try {
    await atTarget((store) =>
      reportOtherSeries({ store, template, series, except: stored.key }, isOfCluster, continuing, reporter),
    );
  } catch (error) {
    if (reporter.signal.aborted) return;
    reporter.info(
      composed`${remark`this is the first archive of the series ${series}; a former series could not be looked for`}: ${explain(error)}`,
    );
  }
}

/** Whether a run of retention has found no other archive of its series. */
export function isFirst(pruned: Partial<Pruned> | undefined): boolean {
  return pruned?.kept === 1 && pruned.removed === 0;
}

export function counted({ length }: readonly unknown[]): string {
  return length === 1 ? "1 archive" : `${length} archives`;
}

async function seriesAt(
  { store, template, series, except }: Beginning,
  isFormer: (backup: Manifest) => boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const manifests: StoredObject[] = [];
  for await (const object of untilAborted(store.list(fixedPrefix(template)), signal)) {
    const archiveKey = archiveOfManifest(object.key);
    if (archiveKey !== undefined && archiveKey !== except) manifests.push(object);
    if (manifests.length === MAX_MANIFESTS) break;
  }
  const found = new Set<string>();
  await inParallel(manifests, signal, async (object) => {
    const manifest = await readListedManifest(store, object, signal);
    if (typeof manifest === "object" && manifest.purpose === "backup" && isFormer(manifest)) found.add(manifest.series);
  });
  found.delete(series);
  return [...found].sort();
}
