/**
 * Which archives to keep, and why: a pure function. The rules are those of `restic forget`
 * (https://restic.readthedocs.io/en/stable/060_forget.html), in UTC and with ISO weeks:
 *
 * - a count rule keeps the newest archive of each of the last n hours, days, … **that have one**;
 * - while a count rule has not found n, it keeps the oldest archive too;
 * - `keepWithinMs` counts back from the newest archive, not from now;
 * - what any rule keeps is kept;
 * - copies of an archive, such as a link beside its file, take one place together, and stay or go together.
 */

/** The rules that do not count the units of a calendar. */
type OtherRule =
  /** Number of newest archives to keep. */
  | "keepLast"
  /** Keep archives that are less than this older than the newest, in milliseconds. */
  | "keepWithinMs";

/** A value that is omitted or 0 is no rule. A policy without rules keeps everything. */
export type Policy = Readonly<Partial<Record<OtherRule | CalendarRule, number>>>;

/** The facts about an archive with a manifest. */
export interface Archive {
  readonly location: string;
  readonly series: string;
  readonly purpose: "backup" | "safety";
  readonly takenAt: Date;
  /** Of the unencrypted archive: copies have the same, and the same index and time. */
  readonly sha256: string;
  /** The Raft index. */
  readonly index: number;
  readonly datacenter?: string;
  /** The Raft ids of its cluster's servers. */
  readonly serverIds: readonly string[];
  /** Whether its object exists and, as far as is known, is the one that was saved. */
  readonly intact: boolean;
  /** Whether, as far as is known, the Consul version that wrote it can restore it. */
  readonly restorable: boolean;
  /** The store's modification time. */
  readonly writtenAt: Date;
  /** Whether no run of the series has saved it, as far as their record tells. Default: no. */
  readonly foreign?: boolean;
}

export interface Verdict<A extends Archive> {
  readonly archive: A;
  /** Such as `last 1` or `daily 2026-11-22`. */
  readonly reasons: readonly string[];
}

export interface Decision<A extends Archive> {
  /** Newest first, like `remove`. Neither list contains safety snapshots or archives of another series or cluster. */
  readonly keep: readonly Verdict<Archive>[];
  readonly remove: readonly Verdict<A>[];
  /** Why nothing may be removed, as a clause for a warning. */
  readonly refusal?: string;
}

/** A larger difference between the clocks of a server and this machine is clock skew. */
export const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

/**
 * Archives written less than this before the new one stay: the run that wrote such an archive may still be reporting
 * it.
 */
export const SPARED_MS = 10 * 60 * 1000;

const NEW = "new";
const FOREIGN = "no run has recorded it, so no rule counts it";
const NEWER = "newer than the new one";
/** The reason to keep an archive that the next runs may remove. */
export const SPARED = "written less than ten minutes before the new one";

const WITHOUT_SAVE: ReadonlyMap<string, string> = new Map([
  [NEW, "the newest"],
  [NEWER, "newer than the newest that is restorable"],
  [SPARED, "written less than ten minutes before the newest"],
]);

/** Rewords the reasons for a run without a save, where the newest archive takes the place of the new one. */
export function withoutSave(reasons: readonly string[]): readonly string[] {
  return reasons.map((reason) => WITHOUT_SAVE.get(reason) ?? reason);
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The calendar rules, one row each: a name for the reasons, and a function from a time to its hour, day, … in UTC and
 * ISO 8601 form. A rule also has a row in `args/tables/retention.ts` and in `cli/options/retention.ts`.
 */
const CALENDAR = {
  keepHourly: ["hourly", (time) => time.toISOString().slice(0, 13)],
  keepDaily: ["daily", (time) => time.toISOString().slice(0, 10)],
  keepWeekly: ["weekly", isoWeek],
  keepMonthly: ["monthly", (time) => time.toISOString().slice(0, 7)],
  keepYearly: ["yearly", (time) => time.toISOString().slice(0, 4)],
} as const satisfies Readonly<Record<string, readonly [name: string, bucketOf: (time: Date) => string]>>;

type CalendarRule = keyof typeof CALENDAR;

const OTHER_RULES: Readonly<Record<OtherRule, true>> = { keepLast: true, keepWithinMs: true };

/** Whether a policy can have a rule of this name. */
export function isRule(name: string): name is keyof Policy {
  return Object.hasOwn(OTHER_RULES, name) || Object.hasOwn(CALENDAR, name);
}

/**
 * Decides after a save. Only archives that are strictly older than the new one are removed, so concurrent runs can
 * never remove each other's archive.
 *
 * @param archives - the existing archives; may include the new one
 * @param fresh - the new archive. It always stays, and determines the series and the cluster
 * @param now - the current time
 * @param sparedMs - archives written less than this before the new one stay
 */
export function decide<A extends Archive>(
  archives: readonly A[],
  fresh: Archive,
  policy: Policy,
  now: Date,
  sparedMs: number = SPARED_MS,
): Decision<A> {
  const others = archives
    .filter((other) => other.location !== fresh.location && isSibling(other, fresh))
    .sort(newestFirst);
  const all = [fresh, ...others].sort(newestFirst);
  if (isEmpty(policy)) return { keep: all.map((archive) => ({ archive, reasons: ["no policy"] })), remove: [] };
  const refusal = refusalOf(
    others.filter(({ foreign }) => foreign !== true),
    fresh,
    now,
  );
  if (refusal !== undefined) {
    return { keep: all.map((archive) => ({ archive, reasons: ["nothing is removed now"] })), remove: [], refusal };
  }
  const reasons = reasonsToKeep(all, fresh, policy, fresh.writtenAt.getTime() - sparedMs);
  return {
    keep: all.flatMap((archive) => {
      const why = reasons.get(archive);
      return why === undefined ? [] : [{ archive, reasons: why }];
    }),
    remove: others
      .filter((other) => !reasons.has(other))
      .map((archive) => ({
        archive,
        reasons: [archive.restorable ? "no rule keeps it" : "it is not restorable, so no rule counts it"],
      })),
  };
}

export function isEmpty(policy: Policy): boolean {
  return Object.values(policy).every((value: number | undefined) => value === undefined || value === 0);
}

/** The rules of a policy as a program or a command writes them, such as `["keepWithin", "2d"]`. */
export function writtenRules(policy: Policy): readonly (readonly [name: string, value: string])[] {
  return Object.entries(policy).flatMap(([name, value]: [string, number | undefined]) => {
    if (value === undefined || value === 0) return [];
    return [name === "keepWithinMs" ? (["keepWithin", spelled(value)] as const) : ([name, String(value)] as const)];
  });
}

/** Whether an archive can take the place of others. */
export function isUsableBackup(archive: Archive): boolean {
  return archive.purpose === "backup" && counts(archive);
}

/** Whether an archive may satisfy rules. Whoever may add objects can add one that is what its manifest says. */
export function counts({ intact, restorable, foreign }: Archive): boolean {
  return intact && restorable && foreign !== true;
}

/** Same series and same cluster. */
export function isSibling(other: Archive, fresh: Archive): boolean {
  return other.purpose === "backup" && other.series === fresh.series && clusterOf(other, fresh) === "same";
}

/** If either datacenter is unknown, the server ids decide. */
export function clusterOf(other: Archive, fresh: Archive): "same" | "another" | "unknown" {
  if (other.datacenter !== undefined && fresh.datacenter !== undefined && other.datacenter !== fresh.datacenter) {
    return "another";
  }
  if (other.serverIds.length === 0 || fresh.serverIds.length === 0) return "unknown";
  return other.serverIds.some((id) => fresh.serverIds.includes(id)) ? "same" : "another";
}

/**
 * Times and indexes must grow together. If they do not, it is unknown which archive is better, so nothing is removed.
 */
function refusalOf(others: readonly Archive[], fresh: Archive, now: Date): string | undefined {
  if (!fresh.restorable) return "the new archive is not restorable, so it takes the place of no other";
  const latest = now.getTime() + CLOCK_TOLERANCE_MS;
  const future = [fresh, ...others].find(({ takenAt }) => takenAt.getTime() > latest);
  if (future !== undefined) return `the time of ${described(future)} is in the future: check for clock skew`;
  const fell = others.find((other) => other.takenAt < fresh.takenAt && other.index > fresh.index);
  if (fell !== undefined) {
    return `the index fell, from ${described(fell)} to ${described(fresh)}: the cluster was rebuilt, or this server is behind`;
  }
  const wentBack = others.find((other) => other.takenAt > fresh.takenAt && other.index < fresh.index);
  if (wentBack !== undefined) {
    return `${described(wentBack)} has a lower index and a later time than ${described(fresh)}: check for clock skew`;
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
  sparedFrom: number,
): ReadonlyMap<Archive, readonly string[]> {
  const reasons = new Map<Archive, string[]>();
  const keep = (archive: Archive, reason: string): void => {
    reasons.set(archive, [...(reasons.get(archive) ?? []), reason]);
  };
  keep(fresh, NEW);
  // An archive that cannot be restored must not replace another one.
  const restorable = all.filter(counts);
  const originals = originalsOf(restorable);
  const usable = restorable.filter((archive) => originals.get(contentOf(archive)) === archive);
  for (const archive of all) {
    if (archive === fresh) continue;
    if (archive.foreign === true) keep(archive, FOREIGN);
    else if (!archive.intact) keep(archive, "it is not what was saved, so it is left alone");
    else if (newestFirst(archive, fresh) < 0) keep(archive, NEWER);
    else if (archive.writtenAt.getTime() > sparedFrom) keep(archive, SPARED);
  }
  // Every rule keeps the newest usable archive.
  const newest = usable[0];
  if (newest === undefined) return reasons;

  keepOfEach(usable, policy.keepLast, "last", (_time, at) => String(at + 1), keep);
  const { keepWithinMs } = policy;
  if (keepWithinMs !== undefined && keepWithinMs > 0) {
    const limit = newest.takenAt.getTime() - keepWithinMs;
    for (const archive of usable) {
      if (archive.takenAt.getTime() > limit) keep(archive, `within ${spelled(keepWithinMs)}`);
    }
  }
  for (const [rule, [name, bucketOf]] of Object.entries(CALENDAR)) {
    keepOfEach(usable, policy[rule as CalendarRule], name, bucketOf, keep);
  }
  for (const archive of restorable) {
    const original = originals.get(contentOf(archive)) ?? archive;
    if (archive !== original && reasons.has(original)) keep(archive, `the same archive as ${original.location}`);
  }
  return reasons;
}

/**
 * Equal for copies. The index and the time come from the archive itself. So a manifest that gives it another index or time
 * than its copy does is not believed: with a time at which no rule keeps it, it would take the genuine archive with it.
 */
function contentOf({ sha256, index, takenAt }: Archive): string {
  return `${sha256} ${index} ${takenAt.getTime()}`;
}

/** Of copies the one that was written first, by the store's clock: a manifest does not decide this. */
function originalsOf(newestFirst: readonly Archive[]): ReadonlyMap<string, Archive> {
  const originals = new Map<string, Archive>();
  for (const archive of newestFirst) {
    const content = contentOf(archive);
    const known = originals.get(content);
    if (known === undefined || archive.writtenAt < known.writtenAt) originals.set(content, archive);
  }
  return originals;
}

/** Keeps the newest archive of each of `count` buckets, and the oldest archive if there are fewer buckets. */
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

/** A total order, so all runs agree which of two archives is newer. */
export function newestFirst(a: Archive, b: Archive): number {
  return b.takenAt.getTime() - a.takenAt.getTime() || b.index - a.index || (a.location < b.location ? 1 : -1);
}

/** Such as `2026-W47`: a week belongs to the year of its Thursday (ISO 8601). */
function isoWeek(time: Date): string {
  const thursday = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

/** Formats a duration in the largest unit that divides it. */
export function spelled(milliseconds: number): string {
  const units = [
    [DAY_MS, "d"],
    [60 * 60 * 1000, "h"],
    [60 * 1000, "m"],
    [1000, "s"],
  ] as const;
  const [size, unit] = units.find(([each]) => milliseconds % each === 0) ?? [1, "ms"];
  return `${milliseconds / size}${unit}`;
}
