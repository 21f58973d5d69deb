/** ConsulSnapshotRestore's arguments: what may be given, what is wrong with it, and what it means. Does no I/O on networks. */

import { checkConnectionArgs, checkNames, readConnectionArgs } from "../commonArgs";
import type { ConnectionArgs, Sources } from "../consul/connection";
import { SnapshotError } from "../errors";
import { isList, isRecord, type Problem, UNKNOWN, type Value, type Values } from "../lifecycle";
import { checkTemplate, type Location, parseLocation, parseSource } from "../store/location";
import { parseTime } from "../time";
import { checkDecryption, readDecryption } from "../transfer/decryptionArgs";
import { checkEncryption, readRecipients } from "../transfer/encryptionArgs";
import { isAllowance, isToken, whyNotAllowance } from "../transfer/load/given";
import { ALLOWANCES, type Allowance, type SafetySnapshot } from "../transfer/load/request";
import type { Decryption } from "../transfer/opening";
import { absentOrUnknown } from "../values";

export interface RestoreArgs {
  readonly runId: string;
  readonly validUntil: Date;
  readonly source: Location;
  readonly safetySnapshot: SafetySnapshot | false;
  readonly connection: ConnectionArgs;
  readonly decryption: Decryption;
  readonly tokenAfterRestore?: string;
  readonly allow: readonly Allowance[];
}

const KNOWN = [
  "runId",
  "validUntil",
  "source",
  "safetySnapshot",
  "connection",
  "decryption",
  "tokenAfterRestore",
  "allow",
] as const;

/**
 * Everything that is wrong with the arguments. What is not known yet is not judged, nor is a time that has passed: the
 * line of a restore that is done may stay in its program. No reason holds a secret.
 *
 * @param sources - stack configuration and environment, for what the arguments leave open
 */
export function checkArgs(inputs: Values, sources: Sources): Problem[] {
  return [
    ...checkNames(inputs, KNOWN, "ConsulSnapshotRestore"),
    ...checkRunId(inputs),
    ...checkValidUntil(inputs),
    ...checkSource(inputs),
    ...checkSafetySnapshot(inputs),
    ...checkAllow(inputs),
    ...checkTokenAfterRestore(inputs),
    ...checkDecryption(inputs.decryption),
    ...checkConnectionArgs(inputs, sources),
  ];
}

function checkRunId({ runId }: Values): Problem[] {
  if (runId === UNKNOWN || (typeof runId === "string" && runId.trim() !== "")) return [];
  return [{ path: "runId", reason: 'runId is required: a text such as "2026-11-23 rollback", new for each restore' }];
}

function checkValidUntil({ validUntil }: Values): Problem[] {
  if (validUntil === UNKNOWN || timeOf(validUntil) !== undefined) return [];
  const form = 'a time with its zone, such as "2026-11-24T00:00:00Z"';
  const reason =
    validUntil === undefined
      ? `validUntil is required: ${form}`
      : `validUntil is ${form}; the restore starts before it`;
  return [{ path: "validUntil", reason }];
}

function timeOf(value: Value | undefined): Date | undefined {
  return typeof value === "string" ? parseTime(value) : undefined;
}

function checkSource({ source }: Values): Problem[] {
  const path = "source";
  if (source === UNKNOWN) return [];
  if (typeof source !== "string") {
    return [{ path, reason: "source is required: the path or URL of one archive" }];
  }
  return locationProblems(path, () => parseSource(source));
}

const SAFETY_FORM = 'safetySnapshot is { target: "./before-restore/" }, or false to have none';

function checkSafetySnapshot({ safetySnapshot }: Values): Problem[] {
  const path = "safetySnapshot";
  if (safetySnapshot === UNKNOWN || safetySnapshot === false) return [];
  if (safetySnapshot === undefined) {
    return [{ path, reason: `${path} is required: what is replaced is saved first. ${SAFETY_FORM}` }];
  }
  if (!isRecord(safetySnapshot)) return [{ path, reason: SAFETY_FORM }];
  const { target, encryption, ...others } = safetySnapshot;
  const [strange] = Object.keys(others);
  if (strange !== undefined)
    return [{ path, reason: `${path}.${strange} is not known: there are target and encryption` }];
  if (target !== UNKNOWN && typeof target !== "string") return [{ path, reason: SAFETY_FORM }];
  const place =
    typeof target === "string" ? locationProblems(path, () => checkTemplate(parseLocation(target), undefined)) : [];
  return [...place, ...checkEncryption(encryption, target).map(({ reason }) => ({ reason: `${path}.${reason}` }))];
}

/** What `check` throws, as a problem with the argument. */
function locationProblems(path: string, check: () => unknown): Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return [{ path, reason: `${path}: ${error.message}. ${error.hint}` }];
  }
}

function checkAllow({ allow }: Values): Problem[] {
  const path = "allow";
  if (absentOrUnknown(allow)) return [];
  if (!isList(allow)) return [{ path, reason: `allow is a list of ${ALLOWANCES.join(", ")}` }];
  return allow.flatMap((name): Problem[] => {
    if (name === UNKNOWN) return [];
    if (typeof name !== "string") return [{ path, reason: `allow is a list of ${ALLOWANCES.join(", ")}` }];
    const reason = whyNotAllowance(name);
    return reason === undefined ? [] : [{ path, reason }];
  });
}

function checkTokenAfterRestore({ tokenAfterRestore }: Values): Problem[] {
  if (absentOrUnknown(tokenAfterRestore)) return [];
  if (typeof tokenAfterRestore === "string" && isToken(tokenAfterRestore)) return [];
  return [{ reason: "tokenAfterRestore is an ACL token that the archive holds" }];
}

/** The arguments as the lifecycle uses them, once `checkArgs` has found nothing and everything is known. */
export function readArgs(inputs: Values): RestoreArgs {
  const { runId, validUntil, source, tokenAfterRestore, allow } = inputs;
  return {
    runId: typeof runId === "string" ? runId : "",
    // A time that cannot be read has passed: nothing is restored.
    validUntil: timeOf(validUntil) ?? new Date(0),
    source: parseLocation(typeof source === "string" ? source : ""),
    safetySnapshot: readSafetySnapshot(inputs.safetySnapshot),
    connection: readConnectionArgs(inputs),
    decryption: readDecryption(inputs.decryption),
    ...(typeof tokenAfterRestore === "string" ? { tokenAfterRestore } : {}),
    allow: isList(allow) ? allow.filter(isAllowance) : [],
  };
}

function readSafetySnapshot(value: Value | undefined): SafetySnapshot | false {
  if (value === false) return false;
  const { target, encryption } = isRecord(value) ? value : {};
  const recipients = readRecipients(encryption);
  return {
    target: parseLocation(typeof target === "string" ? target : ""),
    ...(recipients === undefined ? {} : { recipients }),
  };
}
