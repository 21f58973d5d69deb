/** Visits the archives at the place that a function's inputs specify. */

import { readRows } from "../args/kinds";
import { PLACE } from "../args/tables/listing";
import { type ListedArchive, type Others, visitArchives } from "../catalog/list";
import { withPlace } from "../catalog/place";
import type { Problem, Values } from "../lifecycle";
import { locationProblems } from "../resources/commonArgs";
import { formatLocation, parseLocation } from "../store/location";

/** Problems with `target`, apart from its kind. */
export function checkPlace({ target }: Values): Problem[] {
  return typeof target === "string" ? locationProblems("target", () => parseLocation(target)) : [];
}

/**
 * @param inputs - `target` and `series`, in which `checkPlace` has found no problem
 * @param visit - receives each archive and its location, in the store's order; `false` ends the visit
 * @returns what was found besides archives before the visit ended
 * @throws SnapshotError `STORE_*`, `TARGET_INVALID`, and what `visit` throws
 */
export function visitArchivesAt(
  inputs: Values,
  signal: AbortSignal,
  visit: (listed: ListedArchive, location: string) => Promise<boolean> | boolean,
): Promise<Others> {
  const { target, series } = readRows(PLACE, inputs);
  return withPlace(target ?? "", signal, (place) =>
    visitArchives(place, series, signal, (listed) => visit(listed, formatLocation(place.location, listed.key))),
  );
}
