/**
 * Checks backups only by the listing of a place, as a pure function. The program that takes the backups is not asked,
 * so it cannot hide that it has stopped.
 */

import { isNewer, isRestorableBackup } from "./newest";
import type { Listed, ListedArchive } from "./list";

/** A larger difference between the clocks of a server and this machine is clock skew. */
const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;
/**
 * Retention removes many older archives, so only gaps that ended less than this many times `maxAgeMs` ago are reported.
 */
const RECENT = 7;

/** The facts about one series. */
export interface SeriesSummary {
  readonly series: string;
  /** The newest archive that is restorable, intact and not in the future. */
  readonly newest?: ListedArchive;
  /** Number of backups, and how many of them are not restorable, not intact, or in the future. */
  readonly archives: number;
  readonly notRestorable: number;
  readonly altered: number;
  readonly future: number;
  /** Times of the restorable backups, in milliseconds, oldest first. */
  readonly times: readonly number[];
}

/** A period without a restorable archive that exceeds the maximum age. */
export interface Gap {
  readonly from: string;
  readonly to: string;
}

export interface StatusVerdict {
  readonly ok: boolean;
  readonly reason: "ok" | "tooOld" | "none" | "notRestorable" | "notRecorded";
  /** One sentence without a full stop: the archive, its age, and the problem. */
  readonly sentence: string;
  readonly series?: string;
  readonly newest?: ListedArchive;
  readonly ageMs?: number;
  /** The newest last. They do not affect the verdict, because retention causes gaps, too. */
  readonly gaps: readonly Gap[];
}

/**
 * Summarizes a listing by series. Memory grows by one number per archive.
 *
 * @param now - the current time
 */
export async function summarizeSeries(
  listing: AsyncIterable<Listed>,
  now: Date,
): Promise<ReadonlyMap<string, SeriesSummary>> {
  const latest = now.getTime() + CLOCK_TOLERANCE_MS;
  const found = new Map<string, Mutable<SeriesSummary> & { times: number[] }>();
  for await (const listed of listing) {
    if (listed.kind !== "archive" || listed.manifest.purpose !== "backup") continue;
    const { series } = listed.manifest;
    const taken = Date.parse(listed.manifest.takenAt);
    let own = found.get(series);
    if (own === undefined) {
      own = { series, archives: 0, notRestorable: 0, altered: 0, future: 0, times: [] };
      found.set(series, own);
    }
    own.archives++;
    if (!listed.intact) own.altered++;
    else if (!isRestorableBackup(listed)) own.notRestorable++;
    else if (taken > latest) own.future++;
    else {
      own.times.push(taken);
      if (own.newest === undefined || isNewer(listed, own.newest)) own.newest = listed;
    }
  }
  for (const { times } of found.values()) times.sort((a, b) => a - b);
  return found;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Checks one series.
 *
 * @param summary - `undefined` if the place has no archive of the series
 * @param maxAgeMs - the maximum age of the newest restorable archive
 */
export function judgeStatus(summary: SeriesSummary | undefined, maxAgeMs: number, now: Date): StatusVerdict {
  if (summary === undefined) {
    return { ok: false, reason: "none", sentence: "there is no archive with a manifest", gaps: [] };
  }
  const { series, newest, times } = summary;
  if (newest === undefined) {
    const sentence = `none of the ${summary.archives} archives is restorable: ${remarks(summary).join(", ")}`;
    return { ok: false, reason: "notRestorable", sentence, series, gaps: [] };
  }
  const ageMs = Math.max(0, now.getTime() - Date.parse(newest.manifest.takenAt));
  const ok = ageMs <= maxAgeMs;
  const others = remarks(summary);
  const beside = others.length === 0 ? "" : ` (besides: ${others.join(", ")})`;
  const sentence = ok
    ? `the newest restorable archive is ${spelledAge(ageMs)} old${beside}`
    : `the newest restorable archive is ${spelledAge(ageMs)} old, and may be ${spelledAge(maxAgeMs)}${beside}`;
  return { ok, reason: ok ? "ok" : "tooOld", sentence, series, newest, ageMs, gaps: gapsOf(times, maxAgeMs, now) };
}

function remarks({ notRestorable, altered, future }: SeriesSummary): string[] {
  return [
    ...(notRestorable === 0 ? [] : [`${notRestorable} not restorable`]),
    ...(altered === 0 ? [] : [`${altered} not what was saved`]),
    ...(future === 0 ? [] : [`${future} taken in the future: check for clock skew`]),
  ];
}

function gapsOf(times: readonly number[], maxAgeMs: number, now: Date): Gap[] {
  const gaps: Gap[] = [];
  let previous: number | undefined;
  for (const time of times) {
    if (previous !== undefined && time - previous > maxAgeMs && time > now.getTime() - RECENT * maxAgeMs) {
      gaps.push({ from: new Date(previous).toISOString(), to: new Date(time).toISOString() });
    }
    previous = time;
  }
  return gaps;
}

/** An age such as `26 h 5 min`, which an operator can compare with a schedule. */
export function spelledAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return `${minutes} min`;
  if (hours >= 72) return `${Math.floor(hours / 24)} days`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}
