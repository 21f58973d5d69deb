/** Delivers one verified archive to one destination. */

import type { Manifest } from "../provider/catalog/manifest";
import { compact } from "../provider/compact";
import { explain, isCode, SnapshotError } from "../provider/errors";
import type { Reporter } from "../provider/reporter";
import type { ManifestCache } from "../provider/retention/manifestCache";
import { reportSeriesBeside } from "../provider/retention/otherSeries";
import { prune, type Pruned } from "../provider/retention/prune";
import { publish } from "../provider/save/publish";
import type { TakenArchive } from "../provider/save/take";
import { warnIfNotRestorable } from "../provider/save/warnings";
import type { Store } from "../provider/store/store";
import { type Destination, serviceOf } from "./config/destinations";
import { withDestination } from "./destinationStore";
import { formerToRemove, listNamed, removeFormer } from "./formerArchives";
import { type CleanLines, composed, remark } from "../provider/text";

export interface Delivered {
  readonly manifest: Manifest;
  /** With a retention policy: how many archives are there now, and how many were removed. */
  readonly pruned?: Pick<Pruned, "kept" | "removed">;
}

/** How an archive of an agent is delivered. */
export interface Manner {
  readonly consistency: "consistent" | "stale";
  /**
   * Whether no other agent saves at the same time. Otherwise, archives that were written less than ten minutes before the new
   * one stay: their agents may still be reporting them.
   */
  readonly isOnly: boolean;
  /** What this process has read of the destination. Default: nothing. */
  readonly cache?: ManifestCache;
  /** Returns the current time. */
  readonly now: () => Date;
}

/**
 * Stores the archive, then applies the destination's retention. A failure of retention is a warning: the archive is stored.
 *
 * @throws SnapshotError `STORE_*`, `TARGET_INVALID`, `ARGUMENT_INVALID`, `INTERRUPTED`
 */
export async function deliver(
  archive: TakenArchive,
  destination: Destination,
  { consistency, isOnly, cache, now }: Manner,
  reporter: Reporter,
): Promise<Delivered> {
  const { target, overwrite, recipients, series, retention } = destination;
  const work = async (store: Store): Promise<Delivered> => {
    const request = {
      target,
      overwrite,
      ...compact({ recipients }),
      retention,
      purpose: "backup" as const,
      consistency,
      owner: { organization: "consul-snapshot", project: "consul-snapshot", stack: "agent", name: "agent", series },
    };
    const saved = await publish(store, archive.stream(), request, reporter.signal);
    warnIfNotRestorable(saved.manifest, reporter);
    const spared = isOnly ? { sparedMs: 0 } : {};
    const place = { store, template: target.key, policy: retention, now: now(), ...spared, ...compact({ cache }) };
    const pruned = await prune({ ...place, saved }, reporter);
    const { manifest } = saved;
    // An agent's log leaves out what is only information.
    const warning = { signal: reporter.signal, info: (message: CleanLines): void => reporter.warn(message) };
    await reportSeriesBeside(target.key, compact({ ...saved, pruned }), (work) => work(store), toContinue, warning);
    const former = await pruneFormer(store, archive, destination, pruned, reporter);
    return compact({
      manifest,
      pruned: pruned && { kept: pruned.kept, removed: pruned.removed + former },
    });
  };
  try {
    return await withDestination(destination, work);
  } catch (error) {
    if (!overwrite || !isCode(error, "STORE_EXISTS")) throw error;
    throw new SnapshotError(error.code, error.message, "Remove s3_static_snapshot_name, to have both.", error);
  }
}

/** The series of an agent follows from its service. */
function toContinue(series: string): string | undefined {
  const service = serviceOf(series);
  return service === undefined ? undefined : `set service: ${JSON.stringify(service)}`;
}

/** @returns how many archives of HashiCorp's agent were removed */
async function pruneFormer(
  store: Store,
  archive: TakenArchive,
  { target, retention, dropIn }: Destination,
  pruned: Pruned | undefined,
  reporter: Reporter,
): Promise<number> {
  const retain = retention.keepLast ?? 0;
  if (!dropIn || retain === 0 || pruned === undefined || pruned.refusal !== undefined) return 0;
  try {
    const named = await listNamed(store, target.key, reporter.signal);
    const kept = { count: pruned.kept, unusable: pruned.unusable ?? 0 };
    const due = formerToRemove(named, kept, retain, BigInt(archive.nanoseconds));
    const { removed, left } = await removeFormer(store, due, reporter.signal);
    if (left > 0) {
      reporter.warn(
        remark`retention: removed ${removed} archives of the former agent, and left ${left} for later runs: only their names show what they are, so one run removes no more`,
      );
    }
    return removed;
  } catch (error) {
    reporter.warn(composed`retention: the archives of the former agent could not be removed: ${explain(error)}`);
    return 0;
  }
}
