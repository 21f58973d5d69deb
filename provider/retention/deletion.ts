/**
 * Carries out the deletions of a retention run. An archive is deleted before its manifest, and only in the version that
 * was listed. A run that is interrupted leaves at most an orphaned manifest, which a later run removes, and never
 * affects an archive that is kept.
 */

import { ORPHAN_AFTER_MS } from "../catalog/manifest";
import { compact } from "../compact";
import { isCode, type SnapshotError } from "../errors";
import type { Reporter } from "../reporter";
import { inParallel } from "../store/inParallel";
import type { Store, StoredObject } from "../store/store";
import type { Found } from "./listing";
import { type Decision, isSibling } from "./policy";
import type { Run } from "./run";

export interface Outcome {
  readonly removed: ReadonlySet<Found>;
  /** Archives that the store refused to delete or that were overwritten in the meantime, with the store's error. */
  readonly left: ReadonlyMap<Found, SnapshotError>;
  /** The error that stopped the run, if any. */
  readonly failure?: unknown;
}

export async function removeArchives(run: Run, decision: Decision<Found>, reporter: Reporter): Promise<Outcome> {
  const removed = new Set<Found>();
  const left = new Map<Found, SnapshotError>();
  const oldestFirst = decision.remove.map(({ archive }) => archive).reverse();
  try {
    await inParallel(oldestFirst, reporter.signal, async (found) => {
      const { ledger } = run;
      // Without a ledger, no archive is known.
      const isKnown = !ledger.exists || (ledger.isOwn(found) && !ledger.isAltered(found));
      const sha256 = isKnown ? undefined : found.storedSha256;
      const refusal = await refusalToDelete(run.store, found.archive, sha256);
      if (refusal !== undefined) {
        left.set(found, refusal);
        return;
      }
      removed.add(found);
      reporter.status({ phase: "removing", done: removed.size, total: oldestFirst.length });
      await refusalToDelete(run.store, found.manifest);
    });
    await removeOrphans(run, reporter);
    return { removed, left };
  } catch (failure) {
    return { removed, left, failure };
  }
}

/**
 * Deletes an object in the version that was listed. A lock, a hold or another writer affects only this object, so the
 * run continues.
 *
 * @param sha256 - the expected hash of its bytes. Default: the bytes are not read
 */
export async function refusalToDelete(
  store: Store,
  { key, version }: StoredObject,
  sha256?: string,
): Promise<SnapshotError | undefined> {
  try {
    await store.delete(key, compact({ version, sha256, unlessLocked: true }));
    return undefined;
  } catch (error) {
    if (isCode(error, "STORE_DENIED", "STORE_CHANGED")) return error;
    throw error;
  }
}

/** Removes orphaned manifests, left when an earlier run or a person deleted an archive. */
async function removeOrphans({ store, fresh, own, listing }: Run, reporter: Reporter): Promise<void> {
  const siblings = listing.orphans.filter((orphan) => isSibling(orphan, fresh));
  if (siblings.length === 0) return;
  const now = (await store.now(own.archive.key)).getTime();
  const old = siblings.filter(({ manifest }) => now - manifest.modified.getTime() > ORPHAN_AFTER_MS);
  await inParallel(old, reporter.signal, async ({ manifest, archiveKey }) => {
    if ((await store.head(archiveKey)) === undefined) await refusalToDelete(store, manifest);
  });
}
