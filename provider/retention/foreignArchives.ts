/** Which archives of a series no run has saved, as far as their ledger tells. */

import type { Ledger } from "./ledger";
import type { Found } from "./listing";
import { type Archive, type Decision, newestFirst, type Verdict } from "./policy";

/**
 * A series without a ledger has none: its first run cannot know who saved what is there.
 *
 * @param siblings - archives of the series and cluster
 */
export function foreignArchives(ledger: Ledger, siblings: readonly Found[]): ReadonlySet<Found> {
  if (!ledger.exists) return new Set();
  const strangers = siblings.filter((found) => !ledger.isOwn(found)).sort(newestFirst);
  const unknown = strangers.filter((found) => !ledger.knows(found));
  // Our oldest archives are only counted if the ledger has no room for their names. An archive that somebody adds can pass
  // for one of them only if it is older still, so it takes the place of none.
  const unlisted = new Set(unknown.slice(Math.max(0, unknown.length - ledger.unlisted)));
  return new Set(strangers.filter((found) => !unlisted.has(found)));
}

/** A person's decision counts such an archive, too, and says so. */
export const NOT_RECORDED = "no run has recorded it";

/** The decision for a person, with a reason more for the archives that no run has recorded. */
export function withForeignNoted(decision: Decision<Found>, foreign: ReadonlySet<Archive>): Decision<Found> {
  const noted = <A extends Archive>({ archive, reasons }: Verdict<A>): Verdict<A> => ({
    archive,
    reasons: foreign.has(archive) ? [...reasons, NOT_RECORDED] : reasons,
  });
  return { ...decision, keep: decision.keep.map(noted), remove: decision.remove.map(noted) };
}
