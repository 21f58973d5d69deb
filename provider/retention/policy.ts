/**
 * Which archives to keep, and why: a pure function. The rules are those of `restic forget`
 * (https://restic.readthedocs.io/en/stable/060_forget.html), in UTC and with ISO weeks:
 *
 * - a count rule keeps the newest archive of each of the last n hours, days, … **that have one**;
 * - while a count rule has not found n, it keeps the oldest archive too;
 * - `keepWithinMs` counts back from the newest archive, not from now;
 * - what any rule keeps is kept.
 */

/** Everything left out, or 0, is no rule. A policy without a rule keeps everything. */
export interface Policy {
  /** How many of the newest to keep. */
  readonly keepLast?: number;
  /** Keep what is younger than the newest by less than this, in milliseconds. */
  readonly keepWithinMs?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
}

/** What is known of an archive that has a manifest. */
export interface Archive {
  readonly location: string;
  readonly series: string;
  readonly purpose: "backup" | "safety";
  readonly takenAt: Date;
  /** The Raft index. */
  readonly index: number;
  readonly datacenter?: string;
  /** The Raft ids of its cluster's servers. */
  readonly serverIds: readonly string[];
  /** Whether its object is there, with the size that the manifest gives. */
  readonly intact: boolean;
}

export interface Verdict<A extends Archive> {
  readonly archive: A;
  /** Such as `last 1` or `daily 2026-11-22`. */
  readonly reasons: readonly string[];
}

export interface Decision<A extends Archive> {
  /** Newest first, like `remove`. Archives of another series or cluster, and safety snapshots, are in neither. */
  readonly keep: readonly Verdict<Archive>[];
  readonly remove: readonly Verdict<A>[];
  /** Why nothing may be removed now, for a warning: one clause. */
  readonly refusal?: string;
}

/** Clocks of a server and of this machine differ a little; more than this, and one of them is off. */
export const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

const DAY_MS = 24 * 60 * 60 * 1000;

/** From the time in UTC as ISO 8601 writes it. */
const CALENDAR = [
  { rule: "keepHourly", name: "hourly", bucketOf: (time: Date) => time.toISOString().slice(0, 13) },
  { rule: "keepDaily", name: "daily", bucketOf: (time: Date) => time.toISOString().slice(0, 10) },
  { rule: "keepWeekly", name: "weekly", bucketOf: isoWeek },
  { rule: "keepMonthly", name: "monthly", bucketOf: (time: Date) => time.toISOString().slice(0, 7) },
  { rule: "keepYearly", name: "yearly", bucketOf: (time: Date) => time.toISOString().slice(0, 4) },
] as const;

/**
 * Decides after a save.
 *
 * @param archives - what lies at the place; the new one may be among them
 * @param fresh - the new one. It always stays, and says which series and cluster are meant
 * @param now - the clock
 */
export function decide<A extends Archive>(
  archives: readonly A[],
  fresh: Archive,
  policy: Policy,
  now: Date,
): Decision<A> {
  const others = archives
    .filter((other) => other.location !== fresh.location && isSibling(other, fresh))
    .sort(newestFirst);
  const all = [fresh, ...others].sort(newestFirst);
  if (isEmpty(policy)) return { keep: all.map((archive) => ({ archive, reasons: ["no policy"] })), remove: [] };
  const refusal = refusalOf(others, fresh, now);
  if (refusal !== undefined) {
    return { keep: all.map((archive) => ({ archive, reasons: ["nothing is removed now"] })), remove: [], refusal };
  }
  const reasons = reasonsToKeep(all, fresh, policy);
  return {
    keep: all.flatMap((archive) => {
      const why = reasons.get(archive);
      return why === undefined ? [] : [{ archive, reasons: why }];
    }),
    remove: others
      .filter((other) => !reasons.has(other))
      .map((archive) => ({ archive, reasons: ["no rule keeps it"] })),
  };
}

export function isEmpty(policy: Policy): boolean {
  return Object.values(policy).every((value: number | undefined) => value === undefined || value === 0);
}

/** Same series and same cluster. */
export function isSibling(other: Archive, fresh: Archive): boolean {
  return other.purpose === "backup" && other.series === fresh.series && clusterOf(other, fresh) === "same";
}

/** A datacenter that one of the two does not know leaves it to the servers' ids. */
export function clusterOf(other: Archive, fresh: Archive): "same" | "another" | "unknown" {
  if (other.datacenter !== undefined && fresh.datacenter !== undefined && other.datacenter !== fresh.datacenter) {
    return "another";
  }
  if (other.serverIds.length === 0 || fresh.serverIds.length === 0) return "unknown";
  return other.serverIds.some((id) => fresh.serverIds.includes(id)) ? "same" : "another";
}

/** Times and indexes grow together. Where they do not, nobody knows which archive is the better one. */
function refusalOf(others: readonly Archive[], fresh: Archive, now: Date): string | undefined {
  const latest = now.getTime() + CLOCK_TOLERANCE_MS;
  const future = [fresh, ...others].find(({ takenAt }) => takenAt.getTime() > latest);
  if (future !== undefined) return `the time of ${described(future)} is in the future: a clock is off`;
  const fell = others.find((other) => other.takenAt < fresh.takenAt && other.index > fresh.index);
  if (fell !== undefined) {
    return `the index fell, from ${described(fell)} to ${described(fresh)}: the cluster was rebuilt, or this server is behind`;
  }
  const wentBack = others.find((other) => other.takenAt > fresh.takenAt && other.index < fresh.index);
  if (wentBack !== undefined) {
    return `${described(wentBack)} has the lower index and the later time than ${described(fresh)}: a clock is off`;
  }
  return undefined;
}

function described({ location, index, takenAt }: Archive): string {
  return `${location} (index ${index}, ${takenAt.toISOString()})`;
}

function reasonsToKeep(
  all: readonly Archive[],
  fresh: Archive,
  policy: Policy,
): ReadonlyMap<Archive, readonly string[]> {
  const reasons = new Map<Archive, string[]>();
  const keep = (archive: Archive, reason: string): void => {
    reasons.set(archive, [...(reasons.get(archive) ?? []), reason]);
  };
  keep(fresh, "new");
  // What is not intact takes no other's place.
  const intact = all.filter((archive) => archive.intact);
  for (const archive of all) {
    if (!archive.intact && archive !== fresh) keep(archive, "it is not what was saved, so it is left alone");
  }
  // Every rule keeps the newest of these.
  const newest = intact[0];
  if (newest === undefined) return reasons;

  keepOfEach(intact, policy.keepLast, "last", (_time, at) => String(at + 1), keep);
  const { keepWithinMs } = policy;
  if (keepWithinMs !== undefined && keepWithinMs > 0) {
    const limit = newest.takenAt.getTime() - keepWithinMs;
    for (const archive of intact) {
      if (archive.takenAt.getTime() > limit) keep(archive, `within ${spelled(keepWithinMs)}`);
    }
  }
  for (const { rule, name, bucketOf } of CALENDAR) keepOfEach(intact, policy[rule], name, bucketOf, keep);
  return reasons;
}

/** Keeps the newest of each of `count` buckets, and the oldest of all while there are fewer. */
function keepOfEach(
  newestFirst: readonly Archive[],
  count: number | undefined,
  name: string,
  bucketOf: (time: Date, at: number) => string,
  keep: (archive: Archive, reason: string) => void,
): void {
  let left = count ?? 0;
  let previous: string | undefined;
  for (const [at, archive] of newestFirst.entries()) {
    if (left <= 0) return;
    const bucket = bucketOf(archive.takenAt, at);
    const isOldest = at === newestFirst.length - 1;
    if (bucket === previous && !isOldest) continue;
    keep(archive, `${bucket === previous ? "oldest " : ""}${name} ${bucket}`);
    previous = bucket;
    left -= 1;
  }
}

function newestFirst(a: Archive, b: Archive): number {
  return b.takenAt.getTime() - a.takenAt.getTime() || b.index - a.index;
}

/** Such as `2026-W47`: a week belongs to the year of its Thursday (ISO 8601). */
function isoWeek(time: Date): string {
  const thursday = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

/** In the largest unit that leaves no rest. */
function spelled(milliseconds: number): string {
  const units = [
    [DAY_MS, "d"],
    [60 * 60 * 1000, "h"],
    [60 * 1000, "m"],
    [1000, "s"],
  ] as const;
  const [size, unit] = units.find(([each]) => milliseconds % each === 0) ?? [1, "ms"];
  return `${milliseconds / size}${unit}`;
}
