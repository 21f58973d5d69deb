/** Reports a run of retention as text, data and warnings. */

import { explain } from "../errors";
import type { Reporter } from "../reporter";
import { fixedPrefix } from "../store/nameTemplate";
import { cleanText, type CleanText, composed, joined, remark } from "../text";
import type { Outcome } from "./deletion";
import type { Found, Listing } from "./listing";
import { type Archive, clusterOf, type Decision, isEmpty, type Verdict, withoutSave } from "./policy";
import { pruneCommand } from "./pruneCommand";
import type { Place, Run } from "./run";

/**
 * A target that was never pruned may have thousands of archives: the log lists this many of each kind and counts the
 * rest.
 */
const NAMED = 50;
/** The longest location that is shown, in characters: longer than keys of buckets may be. */
const LONGEST_LOCATION = 1200;

/** The result of a run at a user's request, or of its dry run. */
export interface PruneReport {
  readonly kept: readonly Reasoned[];
  readonly removed: readonly Reasoned[];
  /** Archives that could not be removed: locked, not permitted, or changed in the meantime. */
  readonly left: readonly { readonly location: string; readonly code: string; readonly message: string }[];
}

interface Reasoned {
  readonly location: string;
  readonly reasons: readonly string[];
}

export function reportOf({ keep, remove }: Decision<Found>, { removed, left }: Outcome): PruneReport {
  const reasoned = ({ archive, reasons }: Verdict<Archive>): Reasoned => ({
    location: archive.location,
    reasons: withoutSave(reasons),
  });
  return {
    kept: keep.map(reasoned),
    removed: remove.filter(({ archive }) => removed.has(archive)).map(reasoned),
    left: [...left].map(([{ location }, { code, message }]) => ({ location, code, message })),
  };
}

export function reportRun(
  { fresh, listing, isDeliberate }: Run,
  decision: Decision<Found>,
  { removed, left }: Outcome,
  verb: "removed" | "would remove",
  reporter: Reporter,
): void {
  const kept = decision.keep.map(
    ({ archive, reasons }) =>
      remark`kept ${shownLocation(archive)}: ${(isDeliberate ? withoutSave(reasons) : reasons).join(", ")}`,
  );
  const gone = decision.remove
    .filter(({ archive }) => removed.has(archive))
    .map(({ archive, reasons }) => remark`${verb} ${shownLocation(archive)}: ${reasons.join(", ")}`);
  const backups = listing.archives.filter(({ purpose }) => purpose === "backup");
  const elsewhere = isDeliberate ? 0 : backups.filter(({ isOfOtherTarget }) => isOfOtherTarget === true).length;
  const another = backups.filter((found) => clusterOf(found, fresh) === "another").length;
  const unknown = backups.filter((found) => clusterOf(found, fresh) === "unknown").length;
  reporter.info(
    joined(
      [
        remark`retention: kept ${kept.length}, ${verb} ${gone.length}`,
        ...(elsewhere === 0
          ? []
          : [remark`left ${elsewhere} of this series in folders below, which have a record of another target`]),
        ...(another === 0 ? [] : [remark`left ${another} of this series, but of another cluster`]),
        ...(unknown === 0
          ? []
          : [remark`left ${unknown} of this series, whose cluster is not known: no servers are recorded`]),
        // A run after each save would list the same archives each time.
        ...(isDeliberate || gone.length > 0 ? capped(kept, "kept") : []),
        ...capped(gone, verb),
      ],
      "\n  ",
    ),
  );
  const [refusal] = left.values();
  if (refusal !== undefined) {
    const counted = remark`${left.size} ${left.size === 1 ? "archive" : "archives"}`;
    reporter.warn(
      composed`retention: ${counted} could not be removed and ${left.size === 1 ? remark`stays` : remark`stay`}: ${explain(refusal)}`,
    );
  }
}

/** The name of an object in the store, which others may have written: it begins no line of its own. */
function shownLocation({ location }: Archive): CleanText {
  return cleanText(location, LONGEST_LOCATION);
}

function capped(lines: readonly CleanText[], word: string): CleanText[] {
  if (lines.length <= NAMED) return [...lines];
  return [...lines.slice(0, NAMED), remark`${word} ${lines.length - NAMED} more`];
}

export function warnIfUnbounded(template: string, reporter: Reporter): void {
  if (fixedPrefix(template) !== "") return;
  reporter.warn(
    remark`retention: the target's name begins with a placeholder, so the whole bucket is listed: begin it with a fixed folder, such as consul/`,
  );
}

/**
 * A few manifests that change while they are listed are harmless. If all of them differ, the store's listing is
 * unreliable.
 */
export function warnIfChanged({ archives, orphans, changed }: Listing, reporter: Reporter): void {
  if (changed === 0 || archives.length + orphans.length > 0) return;
  reporter.warn(
    remark`retention: all ${changed} manifests that may be of this series had changed when they were read: the store may list other ETags than it answers with, and then nothing is ever removed`,
  );
}

export function warnUnfinished(error: unknown, reporter: Reporter): void {
  const why = reporter.signal.aborted ? remark`it was interrupted` : explain(error);
  reporter.warn(
    composed`retention: the snapshot is saved, but pruning did not finish; the next save goes on with it: ${why}`,
  );
}

/**
 * @param key - of an archive that the ledger may not contain
 * @param error - why the ledger could not be read or written
 */
export function warnUnrecorded(
  { store, template, series, policy }: Place & Pick<Run, "series">,
  key: string,
  error: unknown,
  reporter: Reporter,
): void {
  const byHand = pruneCommand(store.locate(template), series, policy);
  const rules = isEmpty(policy) ? " with the rules of its retention" : "";
  reporter.warn(
    composed`retention: ${remark`${store.locate(key)} may be missing in the record of its series, which could not be updated: then it stays, and no rule counts it. To have the rules count what is there, run: ${byHand}${rules}`}: ${explain(error)}`,
  );
}
