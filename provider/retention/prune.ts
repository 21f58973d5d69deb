/**
 * After a save: removes what the retention policy does not keep. It costs one listing and a GET for each manifest of
 * the series that this process has not read before, however many others lie at the same place.
 */

import { unlessAborted } from "../abort";
import type { Manifest } from "../catalog/manifest";
import { explain, isCode, SnapshotError } from "../errors";
import type { Reporter } from "../reporter";
import { fixedPrefix } from "../store/nameTemplate";
import { headIfPlaceExists } from "../store/smallObject";
import type { Store, StoredObject } from "../store/store";
import { brake, brakeWithoutLedger } from "./brake";
import { type Findings, type KnownArchive, Ledger } from "./ledger";
import { describe, type Found, isAsRemembered, type Listing, listSeries } from "./listing";
import { factsOf } from "./manifestFacts";
import {
  counts,
  decide,
  type Decision,
  isEmpty,
  isSibling,
  isUsableBackup,
  newestFirst,
  type Policy,
  SPARED,
  SPARED_MS,
} from "./policy";
import { foreignArchives, NOT_RECORDED, withForeignNoted } from "./foreignArchives";
import { pruneCommand } from "./pruneCommand";
import { findUnverifiable } from "./verification";
import { type Outcome, removeArchives } from "./deletion";
import {
  type PruneReport,
  reportOf,
  reportRun,
  warnIfChanged,
  warnIfUnbounded,
  warnUnfinished,
  warnUnrecorded,
} from "./report";
import type { Place, Run } from "./run";
import { composed, remark } from "../text";

export interface PruneRequest extends Place {
  /** What was just saved. */
  readonly saved: NewArchive;
}

interface NewArchive {
  readonly manifest: Manifest;
  readonly stored: StoredObject;
  /** Why the ledger could not announce it. Default: it could, or there was none. */
  readonly unannounced?: SnapshotError;
}

/** How many archives of the series and cluster are there now, the new one among them, and how many were removed. */
export interface Pruned {
  readonly kept: number;
  readonly removed: number;
  /** How many of those that are there are not what was saved, cannot be restored, or are of no recorded run. Default: none. */
  readonly unusable?: number;
  /** Why nothing was removed that no rule keeps, as a clause. */
  readonly refusal?: string;
}

/**
 * Prunes after a save. Never fails: the save stands, and what goes wrong is a warning.
 *
 * @returns `undefined` when there is no policy, or it is not known what is there
 */
export async function prune(request: PruneRequest, reporter: Reporter): Promise<Pruned | undefined> {
  if (isEmpty(request.policy)) {
    if (request.saved.unannounced !== undefined) await recordOwn(request, request.saved, reporter);
    return undefined;
  }
  try {
    return await pruneAfterSave(request, reporter);
  } catch (error) {
    warnUnfinished(error, reporter);
    return undefined;
  }
}

async function pruneAfterSave({ saved, ...place }: PruneRequest, reporter: Reporter): Promise<Pruned> {
  const { series } = saved.manifest;
  try {
    const ledger = await readLedger(place, series, reporter);
    const pruned = await pruneOthers({ ...place, series, own: knownAs(saved), ledger }, saved, reporter);
    if (pruned.refusal !== undefined) await recordOwn(place, saved, reporter);
    return pruned;
  } catch (error) {
    await recordOwn(place, saved, reporter);
    throw error;
  }
}

function knownAs({ manifest, stored }: NewArchive): KnownArchive {
  return { archive: stored, storedSha256: manifest.storedSha256 };
}

/** A run after a save, and what it has decided. */
interface Decided extends VerifiedDecision {
  readonly run: Run;
  /** Why nothing may be removed, as a clause. */
  readonly refusal: string | undefined;
}

async function decideAfterSave(
  place: Place & Pick<Run, "series" | "own" | "ledger">,
  manifest: Manifest,
  reporter: Reporter,
): Promise<Decided> {
  const { store, series, own } = place;
  const { archive: stored } = own;
  const listing = await listOthers(place, series, stored.key, reporter);
  const there = await unlessAborted(headIfPlaceExists(store, stored.key), reporter.signal);
  const object = there?.version === stored.version ? there : undefined;
  const run: Run = {
    ...place,
    fresh: describe(store.locate(stored.key), factsOf(manifest), object),
    others: listing.archives.filter(({ isOfOtherTarget }) => isOfOtherTarget !== true),
    listing,
    isDeliberate: false,
  };
  const { decision, verified } = await decideOnVerified(run, reporter);
  return { run, decision, verified, refusal: decision.refusal ?? brakeOf(run, decision) };
}

/** Whether the manifests for which something would be deleted still say what this process remembers of them. */
async function isConfirmed({ run, decision, refusal }: Decided, { signal }: Reporter): Promise<boolean> {
  if (refusal !== undefined) return true;
  const orphans = run.listing.orphans.filter((orphan) => isSibling(orphan, run.fresh));
  return isAsRemembered(run.store, [...decision.remove.map(({ archive }) => archive), ...orphans], signal);
}

async function pruneOthers(
  place: Place & Pick<Run, "series" | "own" | "ledger">,
  saved: NewArchive,
  reporter: Reporter,
): Promise<Pruned> {
  const { store, template, series, ledger, cache } = place;
  const { manifest } = saved;
  let decided = await decideAfterSave(place, manifest, reporter);
  if (!(await isConfirmed(decided, reporter))) {
    cache?.forget(store, fixedPrefix(template), series);
    decided = await decideAfterSave(place, manifest, reporter);
  }
  const { run, decision, verified, refusal } = decided;
  if (refusal !== undefined) {
    const byHand = pruneCommand(store.locate(template), run.series, run.policy);
    const hint = decision.refusal === undefined ? `. If that is right, run: ${byHand}` : "";
    reporter.warn(remark`retention: nothing was removed: ${refusal}${hint}`);
    const { keep, remove } = decision;
    // A new ledger would make all archives known.
    if (!ledger.exists && !isLedgerMissing(run)) await remember(run, decision, verified, new Set(), reporter);
    return { kept: keep.length + remove.length, removed: 0, refusal };
  }
  warnOfForeign(run, reporter);
  const { removed, failure } = await carryOut(run, decision, verified, reporter);
  if (failure !== undefined) {
    warnUnfinished(failure, reporter);
    await recordOwn(place, saved, reporter);
  }
  const unusable = decision.keep.filter(({ archive }) => !counts(archive)).length;
  return {
    kept: decision.keep.length + decision.remove.length - removed.size,
    removed: removed.size,
    ...(unusable === 0 ? {} : { unusable }),
  };
}

/** Many runs in a row may remove nothing: their archives must not look like somebody else's afterwards. */
async function recordOwn(place: Place, saved: NewArchive, reporter: Reporter): Promise<void> {
  if (reporter.signal.aborted) return;
  const { series } = saved.manifest;
  try {
    const ledger = await readLedger(place, series, reporter);
    await unlessAborted(ledger.append(knownAs(saved), reporter.signal), reporter.signal);
  } catch (error) {
    if (saved.unannounced !== undefined) warnUnrecorded({ ...place, series }, saved.stored.key, error, reporter);
  }
}

/** @throws SnapshotError `ARGUMENT_INVALID` where everything would be removed */
function requireRule(policy: Policy): void {
  if (!isEmpty(policy)) return;
  throw new SnapshotError("ARGUMENT_INVALID", "there is no rule of what to keep", "Specify at least one.");
}

/**
 * Prunes because a person asks for it. The newest archive of the series that is restorable takes the place of a new one, and
 * whatever the policy does not keep is removed.
 *
 * @param dryRun - removes nothing, and reports what would be removed
 * @throws SnapshotError `STORE_*`; `ARGUMENT_INVALID` where the series has no archive that can be restored, or the policy
 *   has no rule
 */
export async function pruneDeliberately(
  place: Place & { readonly series: string },
  dryRun: boolean,
  reporter: Reporter,
): Promise<PruneReport> {
  const { store, template, series, policy } = place;
  requireRule(policy);
  const ledger = await readLedger(place, series, reporter);
  const listing = await listOthers(place, series, undefined, reporter);
  const candidates = listing.archives.filter(isUsableBackup);
  const newest = await newestVerified(store, candidates, ledger, reporter);
  if (newest === undefined) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `no restorable archive of the series ${JSON.stringify(series)} is at ${store.locate(template)}`,
      "Use the series that list shows. Archives with names of your own need a target that fits them, such as ./backups/nightly-{random}.snap.",
    );
  }
  const others = listing.archives.filter((found) => found !== newest);
  const run: Run = { ...place, fresh: newest, own: newest, others, listing, ledger, isDeliberate: true };
  const { decision: unmarked, verified } = await decideOnVerified(run, reporter);
  const decision = withForeignNoted(unmarked, foreignArchives(ledger, [newest, ...siblingsIn(run)]));
  if (decision.refusal !== undefined) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `nothing was removed: ${decision.refusal}`,
      "Look at those archives first.",
    );
  }
  const outcome: Outcome = dryRun
    ? { removed: new Set(decision.remove.map(({ archive }) => archive)), left: new Map() }
    : await carryOut(run, decision, verified, reporter);
  if (dryRun) reportRun(run, decision, outcome, "would remove", reporter);
  if (outcome.failure !== undefined) throw unfinished(outcome.failure);
  return reportOf(decision, outcome);
}

/** A signal is aborted with any reason. */
function unfinished(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error("pruning did not finish", { cause: failure });
}

/** The newest archive whose bytes are those that its manifest describes: all others are compared with it. */
async function newestVerified(
  store: Store,
  archives: readonly Found[],
  ledger: Ledger,
  reporter: Reporter,
): Promise<Found | undefined> {
  for (const found of [...archives].sort(newestFirst)) {
    if (ledger.hasVerified(found)) return found;
    const unverifiable = await findUnverifiable(store, [found], reporter.signal, () => undefined);
    if (!unverifiable.has(found)) return found;
  }
  return undefined;
}

async function readLedger({ store, template }: Place, series: string, reporter: Reporter): Promise<Ledger> {
  return unlessAborted(Ledger.read(store, template, series, reporter.signal), reporter.signal);
}

async function listOthers(
  place: Place,
  series: string,
  except: string | undefined,
  reporter: Reporter,
): Promise<Listing> {
  warnIfUnbounded(place.template, reporter);
  reporter.status({ phase: "listingSeries" });
  const listing = await listSeries({ ...place, series }, except, reporter.signal);
  warnIfChanged(listing, reporter);
  return listing;
}

interface VerifiedDecision {
  readonly decision: Decision<Found>;
  /** The archives whose bytes are known to be those that were saved. */
  readonly verified: ReadonlySet<KnownArchive>;
}

/**
 * Decides, and hashes the archives for whose sake others would be removed, until all of these are known to be what they
 * claim to be. Where nothing would be removed, nothing is read.
 */
async function decideOnVerified(run: Run, reporter: Reporter): Promise<VerifiedDecision> {
  const { store, fresh, others, ledger } = run;
  const verified = new Set<KnownArchive>([run.own, ...others.filter((found) => ledger.hasVerified(found))]);
  const foreign = foreignIn(run);
  const wrong = new Set<Found>();
  for (;;) {
    // The policy answers with the objects that it receives: altered ones are passed as not intact.
    const altered = new Map(
      others.map((found) => {
        if (foreign.has(found)) return [{ ...found, foreign: true }, found];
        return [wrong.has(found) ? { ...found, intact: false } : found, found];
      }),
    );
    const decision = decide([...altered.keys()], fresh, run.policy, run.now, run.sparedMs);
    const kept = new Set(decision.keep.map(({ archive }) => archive));
    const unsure = [...altered].flatMap(([decided, found]) =>
      decided.intact && decided.foreign !== true && kept.has(decided) && !verified.has(found) ? [found] : [],
    );
    if (decision.remove.length === 0 || unsure.length === 0) return { decision, verified };
    let done = 0;
    const show = (): void => reporter.status({ phase: "verifyingKept", done, total: unsure.length });
    show();
    const unverifiable = await findUnverifiable(store, unsure, reporter.signal, () => {
      done++;
      show();
    });
    for (const found of unsure) {
      if (!unverifiable.has(found)) verified.add(found);
      else {
        wrong.add(found);
        reporter.warn(
          remark`retention: ${found.location} is not the archive that its manifest describes: it is left alone, and no rule counts it`,
        );
      }
    }
  }
}

/** What a person asks for counts every archive. */
function foreignIn(run: Run): ReadonlySet<Found> {
  return run.isDeliberate ? new Set() : foreignArchives(run.ledger, siblingsIn(run));
}

/** Without the new archive. */
function siblingsIn({ others, fresh }: Run): readonly Found[] {
  return others.filter((found) => isSibling(found, fresh));
}

/** Of a young archive, another run may be about to record that it has saved it. */
function isYoung({ fresh, sparedMs = SPARED_MS }: Run, { writtenAt }: Found): boolean {
  return writtenAt.getTime() > fresh.writtenAt.getTime() - sparedMs;
}

/** Each is named once: the run records it. */
function warnOfForeign(run: Run, reporter: Reporter): void {
  const foreign = foreignIn(run);
  const found = unknownTo(run).filter((each) => foreign.has(each) && !isYoung(run, each));
  const [first] = found;
  if (first === undefined) return;
  const counted =
    found.length === 1
      ? remark`${first.location} has`
      : remark`${found.length} archives of this series, such as ${first.location}, have`;
  const stay = found.length === 1 ? "it stays, and no rule counts it" : "they stay, and no rule counts them";
  const byHand = pruneCommand(run.store.locate(run.template), run.series, run.policy);
  reporter.warn(
    remark`retention: ${counted} appeared, and no run has recorded having saved ${found.length === 1 ? "it" : "them"}: ${stay}. To have the rules count what is there, run: ${byHand}`,
  );
}

function unknownTo(run: Run): readonly Found[] {
  return run.ledger.exists ? siblingsIn(run).filter((found) => !run.ledger.knows(found)) : [];
}

/** Whether a run with retention has saved an archive that is there, and its ledger is not. */
function isLedgerMissing({ ledger, others, fresh }: Run): boolean {
  return !ledger.exists && others.some((found) => found.hadRetention && isSibling(found, fresh));
}

function brakeOf(run: Run, { remove }: Decision<Found>): string | undefined {
  const { others, fresh } = run;
  if (isLedgerMissing(run)) return brakeWithoutLedger(others.filter((found) => isSibling(found, fresh)).length);
  if (!run.ledger.exists) return undefined;
  return brake({
    unknown: Math.max(0, unknownTo(run).length - run.ledger.unlisted),
    samePolicy: run.ledger.isPolicy(run.policy),
    pending: run.ledger.pendingWith(run.own),
    removals: remove.length,
  });
}

/** Removes, reports and leaves what the next run shall know. */
async function carryOut(
  run: Run,
  decision: Decision<Found>,
  verified: ReadonlySet<KnownArchive>,
  reporter: Reporter,
): Promise<Outcome> {
  const outcome = await removeArchives(run, decision, reporter);
  reportRun(run, decision, outcome, "removed", reporter);
  if (outcome.failure === undefined) await remember(run, decision, verified, outcome.removed, reporter);
  return outcome;
}

async function remember(
  run: Run,
  decision: Decision<Found>,
  verified: ReadonlySet<KnownArchive>,
  removed: ReadonlySet<Found>,
  reporter: Reporter,
): Promise<void> {
  const spared = decision.keep.filter(
    ({ reasons }) =>
      reasons.includes(SPARED) && reasons.every((reason) => reason === SPARED || reason === NOT_RECORDED),
  );
  const pending = spared.length + decision.remove.length - removed.size;
  const foreign = foreignIn(run);
  const { ledger } = run;
  const there = run.others
    .filter((found) => !removed.has(found))
    .filter(
      // What is recorded of another cluster stays recorded.
      (found) => ledger.knows(found) || (isSibling(found, run.fresh) && !(foreign.has(found) && isYoung(run, found))),
    )
    .sort(newestFirst);
  const findings: Findings = { verified, foreign, removed, listedAfter: run.fresh.writtenAt };
  const write = (): Promise<void> => {
    const written = ledger.write(run.policy, [run.own, ...there], findings, pending, reporter.signal);
    return unlessAborted(written, reporter.signal);
  };
  try {
    // What another run has recorded at the same time is read, and stays.
    await write().catch((error: unknown) => {
      if (!isCode(error, "STORE_CHANGED")) throw error;
      return write();
    });
  } catch (error) {
    if (ledger.exists && !ledger.isOwn(run.own)) {
      warnUnrecorded(run, run.own.archive.key, error, reporter);
      return;
    }
    // Of two runs at once, one records what it has verified; the hint of this error would ask to look for an intruder.
    const why = isCode(error, "STORE_CHANGED") ? remark`another run recorded its own at the same time` : explain(error);
    reporter.info(
      composed`retention: what this run has verified could not be recorded, so the next one verifies it again: ${why}`,
    );
  }
}
