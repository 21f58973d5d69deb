/**
 * After a save: removes what the retention policy does not keep. It costs one listing and a GET for each manifest of
 * the series, however many others lie at the same place.
 *
 * An archive is deleted before its manifest, and only in the version that was listed. So a run that ends half-way has
 * touched nothing that is kept, and leaves at most a manifest without its archive, which a later run removes.
 */

import { explain, SnapshotError } from "../errors";
import { clusterOf, decide, type Decision, isEmpty, isSibling, type Policy } from "../retention/policy";
import type { Store, StoredObject } from "../store/store";
import { inParallel } from "./inParallel";
import { LEFTOVER_MS, type Manifest } from "./manifest";
import { type Found, type Listing, listOurs } from "./pruneListing";
import type { Reporter } from "./reporter";

/** A place that was never pruned may hold thousands: the log names so many of a kind, and counts the rest. */
const NAMED = 50;

export interface PruneRequest {
  readonly store: Store;
  /** The target's name template: what is the same in all its names is listed. */
  readonly template: string;
  readonly policy: Policy;
  /** What was just saved. */
  readonly saved: { readonly manifest: Manifest; readonly stored: StoredObject };
  readonly now: Date;
}

/** How many archives of the series and cluster are there now, the new one among them, and how many were removed. */
export interface Pruned {
  readonly kept: number;
  readonly removed: number;
}

/**
 * Never fails: the save stands, and what goes wrong is a warning.
 *
 * @returns `undefined` when there is no policy, or it is not known what is there
 */
export async function prune(request: PruneRequest, reporter: Reporter): Promise<Pruned | undefined> {
  if (isEmpty(request.policy)) return undefined;
  try {
    reporter.status("retention: looking for the archives of this series");
    const listing = await listOurs(request.store, request.template, request.saved, reporter.signal);
    const decision = decide(listing.archives, listing.fresh, request.policy, request.now);
    if (decision.refusal !== undefined) {
      reporter.warn(`retention: nothing was removed: ${decision.refusal}`);
      return { kept: decision.keep.length, removed: 0 };
    }
    const outcome = await carryOut(request, decision, listing, reporter);
    say(decision, listing, outcome, reporter);
    const removed = outcome.removed.size;
    return { kept: decision.keep.length + decision.remove.length - removed, removed };
  } catch (error) {
    warnUnfinished(error, reporter);
    return undefined;
  }
}

function warnUnfinished(error: unknown, reporter: Reporter): void {
  const why = reporter.signal.aborted ? "it was interrupted" : explain(error);
  reporter.warn(`retention: the snapshot is saved, but pruning did not finish; the next save goes on with it: ${why}`);
}

interface Outcome {
  readonly removed: ReadonlySet<Found>;
  /** What the store refused to delete, or what was overwritten meanwhile, with the store's reason. */
  readonly left: ReadonlyMap<Found, SnapshotError>;
  /** What ended the work early. */
  readonly failure?: unknown;
}

async function carryOut(
  request: PruneRequest,
  decision: Decision<Found>,
  listing: Listing,
  reporter: Reporter,
): Promise<Outcome> {
  const { store } = request;
  const removed = new Set<Found>();
  const left = new Map<Found, SnapshotError>();
  const oldestFirst = decision.remove.map(({ archive }) => archive).reverse();
  try {
    await inParallel(oldestFirst, reporter.signal, async (found) => {
      const refusal = await refusalToDelete(store, found.archive);
      if (refusal !== undefined) {
        left.set(found, refusal);
        return;
      }
      removed.add(found);
      reporter.status(`retention: removed ${removed.size} of ${oldestFirst.length}`);
      await refusalToDelete(store, found.manifest);
    });
    await removeLeftovers(request, listing, reporter);
    return { removed, left };
  } catch (failure) {
    return { removed, left, failure };
  }
}

/** Deletes an object in the version that was listed. A lock, a hold or another writer concerns this object alone. */
async function refusalToDelete(store: Store, { key, version }: StoredObject): Promise<SnapshotError | undefined> {
  try {
    await store.delete(key, { version, unlessLocked: true });
    return undefined;
  } catch (error) {
    if (error instanceof SnapshotError && ["STORE_DENIED", "STORE_CHANGED"].includes(error.code)) return error;
    throw error;
  }
}

/** Archives that earlier runs deleted, or that somebody did, leave their manifests. */
async function removeLeftovers({ store, now }: PruneRequest, listing: Listing, reporter: Reporter): Promise<void> {
  const dead = listing.leftovers.filter(
    (leftover) =>
      isSibling(leftover, listing.fresh) && now.getTime() - leftover.manifest.modified.getTime() > LEFTOVER_MS,
  );
  await inParallel(dead, reporter.signal, async ({ manifest, archiveKey }) => {
    if ((await store.head(archiveKey)) === undefined) await refusalToDelete(store, manifest);
  });
}

function say(
  decision: Decision<Found>,
  listing: Listing,
  { removed, left, failure }: Outcome,
  reporter: Reporter,
): void {
  const kept = decision.keep.map(({ archive, reasons }) => `kept ${archive.location}: ${reasons.join(", ")}`);
  const gone = decision.remove
    .filter(({ archive }) => removed.has(archive))
    .map(({ archive, reasons }) => `removed ${archive.location}: ${reasons.join(", ")}`);
  const backups = listing.archives.filter(({ purpose }) => purpose === "backup");
  const strange = backups.filter((found) => clusterOf(found, listing.fresh) === "another").length;
  const unknown = backups.filter((found) => clusterOf(found, listing.fresh) === "unknown").length;
  reporter.info(
    [
      `retention: kept ${kept.length}, removed ${gone.length}`,
      ...(strange === 0 ? [] : [`left ${strange} of this series, but of another cluster`]),
      ...(unknown === 0 ? [] : [`left ${unknown} of this series, whose cluster is not known: no servers are recorded`]),
      ...capped(kept, "kept"),
      ...capped(gone, "removed"),
    ].join("\n  "),
  );
  const [refusal] = left.values();
  if (refusal !== undefined) {
    reporter.warn(
      `retention: ${left.size} ${left.size === 1 ? "archive" : "archives"} could not be removed and stay (locked, not permitted, or written to meanwhile): ${explain(refusal)}`,
    );
  }
  if (failure !== undefined) warnUnfinished(failure, reporter);
}

function capped(lines: readonly string[], word: string): string[] {
  if (lines.length <= NAMED) return [...lines];
  return [...lines.slice(0, NAMED), `${word} ${lines.length - NAMED} more`];
}
