/**
 * Which changes take a new snapshot, and which are only stored in state. A pure function. Each change gives its reason in one
 * sentence, which never contains a trigger's value, because that may be secret.
 */

import { SNAPSHOT } from "../../args/tables/snapshot";
import { parseDuration } from "../../duration";
import { type Change, isList, isRecord, UNKNOWN, type Value, type Values } from "../../lifecycle";
import { samePlace, parseLocation } from "../../store/location";
import { holdsUnknown, same } from "../../values";
import { CLUSTER_SETTINGS } from "../commonArgs";
import { recordedOnly, valueIn } from "../recordedArgs";

/** The series of a resource before and after a change, from its argument or its identity. Absent if unknown. */
export interface SeriesChange {
  readonly before?: string | undefined;
  readonly now?: string | undefined;
}

/** The two sides of the comparison. */
interface Difference {
  /** The outputs of the last create, update or read. */
  readonly recorded: Values;
  /** The current arguments; `connection` includes what stack configuration adds, as that of `recorded` does. */
  readonly inputs: Values;
  /** The current time. */
  readonly now: Date;
  readonly series: SeriesChange;
}

/** The arguments whose comparison is finer than their row's `effect`. */
const COMPARISONS: Readonly<Partial<Record<keyof typeof SNAPSHOT, (difference: Difference) => Change[]>>> = {
  target: ({ recorded, inputs }) => diffTarget(recorded.target, inputs.target),
  triggers: ({ recorded, inputs }) => diffTriggers(recorded.triggers, inputs.triggers),
  connection: ({ recorded, inputs }) => diffCluster(recorded.connection, inputs.connection),
  maxAge: ({ recorded, inputs, now }) => diffAge(recorded, inputs.maxAge, now),
  encryption: ({ recorded, inputs }) => diffEncryption(recorded.encryption, inputs.encryption),
  series: ({ recorded, inputs, series }) => diffSeries(recorded.series, inputs.series, series),
};

/**
 * @param recorded - the outputs of the last create, update or read
 * @param inputs - the current arguments; `connection` includes what stack configuration adds, as that of `recorded` does
 * @param now - the current time
 * @param series - the series of earlier archives, and of future ones
 */
export function diff(recorded: Values, inputs: Values, now: Date, series: SeriesChange = {}): Change[] {
  const names = Object.keys(SNAPSHOT) as (keyof typeof SNAPSHOT)[];
  return [
    ...diffArchive(recorded),
    ...names.flatMap((name) => {
      const compare = COMPARISONS[name];
      if (compare !== undefined) return compare({ recorded, inputs, now, series });
      return diffByEffect(name, valueIn(SNAPSHOT, name, recorded), valueIn(SNAPSHOT, name, inputs));
    }),
  ];
}

/** Applies the `effect` of the argument's row. */
function diffByEffect(name: keyof typeof SNAPSHOT, before: Value | undefined, now: Value | undefined): Change[] {
  if (SNAPSHOT[name].effect === "record") return diffRecordedOnly(name, before, now);
  if (same(before, now)) return [];
  return [replace(name, "update", holdsUnknown(now) ? `${name} is not known yet` : `${name} changed`)];
}

/** `read` marks an archive whose bytes are no longer those that were saved. */
function diffArchive(recorded: Values): Change[] {
  if (recorded.archiveChanged !== true) return [];
  return [replace("target", "update", "the archive is no longer the one that was saved")];
}

function diffTriggers(before: Value | undefined, now: Value | undefined): Change[] {
  const old = isList(before) ? before : [];
  if (now === UNKNOWN) return [replace("triggers", "update", "the triggers are not known yet")];
  const current = isList(now) ? now : [];
  const changes: Change[] = [];
  for (let at = 0; at < Math.max(old.length, current.length); at++) {
    const change = (kind: Change["kind"], what: string): void => {
      changes.push({ ...replace("triggers", kind, `trigger ${at} ${what}`), part: `triggers[${at}]` });
    };
    if (at >= old.length) change("add", "was added");
    else if (at >= current.length) change("delete", "was removed");
    else if (holdsUnknown(current[at])) change("update", "is not known yet");
    else if (!same(old[at], current[at])) change("update", "changed");
  }
  return changes;
}

function diffTarget(before: Value | undefined, now: Value | undefined): Change[] {
  if (now === UNKNOWN) return [replace("target", "update", "the target is not known yet")];
  if (typeof before !== "string" || typeof now !== "string" || before === now) return [];
  if (samePlace(parseLocation(before), parseLocation(now))) {
    return [{ path: "target", kind: "update", replaces: false, reason: "only the target's settings changed" }];
  }
  return [replace("target", "update", `target changed from ${before} to ${now}`)];
}

function diffCluster(before: Value | undefined, now: Value | undefined): Change[] {
  if (now === UNKNOWN) return [replace("connection", "update", "the connection is not known yet")];
  const old = isRecord(before) ? before : {};
  const current = isRecord(now) ? now : {};
  return CLUSTER_SETTINGS.flatMap((name): Change[] => {
    const part = `connection.${name}`;
    if (current[name] === UNKNOWN) return [{ ...replace("connection", "update", `${part} is not known yet`), part }];
    if (same(old[name], current[name])) return [];
    const reason = `${part} changed from ${shown(old[name])} to ${shown(current[name])}`;
    return [{ ...replace("connection", "update", reason), part }];
  });
}

/** A change of `maxAge` alone is only stored in state. A new snapshot is due if the last one exceeds the current limit. */
function diffAge(recorded: Values, maxAge: Value | undefined, now: Date): Change[] {
  if (typeof maxAge !== "string" || typeof recorded.takenAt !== "string") {
    return diffRecordedOnly("maxAge", recorded.maxAge, maxAge);
  }
  const age = now.getTime() - Date.parse(recorded.takenAt);
  if (age < 0) return [replace("maxAge", "update", "the last one was taken in the future: check for clock skew")];
  const limit = parseDuration(maxAge);
  if (age <= limit) return diffRecordedOnly("maxAge", recorded.maxAge, maxAge);
  return [replace("maxAge", "update", `the last one is ${inWords(age, limit)} old, older than maxAge ${maxAge}`)];
}

const UNITS = [
  [86_400_000, "days"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
  [1, "ms"],
] as const;

/** The age in its largest unit, rounded down. Smaller units are added as long as the result would not exceed the limit. */
function inWords(age: number, limit: number): string {
  const first = age >= 3 * 86_400_000 ? 0 : age >= 2 * 3_600_000 ? 1 : 2;
  const words: string[] = [];
  let spelled = 0;
  for (const [size, unit] of UNITS.slice(first)) {
    const count = Math.floor((age - spelled) / size);
    spelled += count * size;
    if (count > 0) words.push(`${count} ${unit}`);
    if (spelled > limit) break;
  }
  return words.join(" ");
}

/** A change applies from the next snapshot: a stored archive cannot be encrypted for other recipients. */
function diffEncryption(before: Value | undefined, now: Value | undefined): Change[] {
  const reason = "encryption changed: it counts from the next snapshot on, and this one stays as it is";
  return recordedOnly("encryption", before, now, reason);
}

/** A change applies from the next snapshot: the manifest of a saved archive keeps its series. */
function diffSeries(before: Value | undefined, now: Value | undefined, series: SeriesChange): Change[] {
  if (series.before === undefined || series.now === undefined || series.before === series.now) {
    return diffRecordedOnly("series", before, now);
  }
  const reason = `the next snapshots belong to the series ${series.now}; those so far belong to ${series.before}`;
  return [{ path: "series", kind: "update", replaces: false, reason }];
}

function diffRecordedOnly(path: string, before: Value | undefined, now: Value | undefined): Change[] {
  return recordedOnly(path, before, now, `${path} changed; the snapshot stays`);
}

function replace(path: string, kind: Change["kind"], reason: string): Change {
  return { path, kind, replaces: true, reason };
}

function shown(value: Value | undefined): string {
  return typeof value === "string" ? value : "its default";
}
