/**
 * What makes a new snapshot, and what is only recorded. A pure function: each change says in one sentence why, and
 * no sentence holds a trigger's value, which may be secret.
 */

import { CLUSTER_SETTINGS } from "../commonArgs";
import { parseDuration } from "../duration";
import { type Change, isList, isRecord, UNKNOWN, type Value, type Values } from "../lifecycle";
import { recordedOnly } from "../recorded";
import { samePlace, parseLocation } from "../store/location";
import { holdsUnknown, same } from "../values";

/** Arguments that change nothing about a snapshot already taken. */
const RECORDED_ONLY = [
  "overwrite",
  "deletionPolicy",
  "consistency",
  "maxStaleness",
  "inspect",
  "retention",
  "verifyOnRefresh",
] as const;

/**
 * @param recorded - the outputs of the last create, update or read
 * @param now - the clock
 * @param inputs - the arguments now; its `connection` holds what stack configuration adds, as `recorded` does
 */
export function diff(recorded: Values, inputs: Values, now: Date): Change[] {
  return [
    ...diffArchive(recorded),
    ...diffTriggers(recorded.triggers, inputs.triggers),
    ...diffTarget(recorded.target, inputs.target),
    ...diffCluster(recorded.connection, inputs.connection),
    ...diffAge(recorded, inputs.maxAge, now),
    ...diffEncryption(recorded.encryption, inputs.encryption),
    ...RECORDED_ONLY.flatMap((path) => diffRecordedOnly(path, recorded[path], inputs[path])),
  ];
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
    if (at >= old.length) changes.push(replace("triggers", "add", `trigger ${at} was added`));
    else if (at >= current.length) changes.push(replace("triggers", "delete", `trigger ${at} was removed`));
    else if (holdsUnknown(current[at])) changes.push(replace("triggers", "update", `trigger ${at} is not known yet`));
    else if (!same(old[at], current[at])) changes.push(replace("triggers", "update", `trigger ${at} changed`));
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
    if (current[name] === UNKNOWN) {
      return [replace("connection", "update", `connection.${name} is not known yet`)];
    }
    if (same(old[name], current[name])) return [];
    return [
      replace("connection", "update", `connection.${name} changed from ${said(old[name])} to ${said(current[name])}`),
    ];
  });
}

/** A change of maxAge is only recorded; what counts is whether the last snapshot is older than it allows now. */
function diffAge(recorded: Values, maxAge: Value | undefined, now: Date): Change[] {
  if (typeof maxAge !== "string" || typeof recorded.takenAt !== "string") {
    return diffRecordedOnly("maxAge", recorded.maxAge, maxAge);
  }
  const age = now.getTime() - Date.parse(recorded.takenAt);
  if (age < 0) return [replace("maxAge", "update", "the last one is of a time that is yet to come: a clock is wrong")];
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

/** In its largest unit, rounded down; in smaller ones too while what is said would not be more than the limit. */
function inWords(age: number, limit: number): string {
  const first = age >= 3 * 86_400_000 ? 0 : age >= 2 * 3_600_000 ? 1 : 2;
  const words: string[] = [];
  let said = 0;
  for (const [size, unit] of UNITS.slice(first)) {
    const count = Math.floor((age - said) / size);
    said += count * size;
    if (count > 0) words.push(`${count} ${unit}`);
    if (said > limit) break;
  }
  return words.join(" ");
}

/** What lies in a store cannot be encrypted for others: who can read it can read it. */
function diffEncryption(before: Value | undefined, now: Value | undefined): Change[] {
  const reason = "encryption changed: it counts from the next snapshot on, and this one stays as it is";
  return recordedOnly("encryption", before, now, reason);
}

function diffRecordedOnly(path: string, before: Value | undefined, now: Value | undefined): Change[] {
  return recordedOnly(path, before, now, `${path} changed; the snapshot stays`);
}

function replace(path: string, kind: Change["kind"], reason: string): Change {
  return { path, kind, replaces: true, reason };
}

function said(value: Value | undefined): string {
  return typeof value === "string" ? value : "its default";
}
