/** Checks ConsulSnapshotRestore's arguments beyond their kinds, and reads them. Does no network I/O. */

import type { Decryption } from "../../age/identities";
import { checkIdentityPlaces, identityProblems, readDecryption } from "../../args/decryption";
import { checkEncryptedName, readRecipients, recipientProblems } from "../../args/encryption";
import { readRows } from "../../args/kinds";
import { RESTORE, SAFETY_SNAPSHOT } from "../../args/tables/restore";
import { parseTime } from "../../args/time";
import { archiveOfManifest } from "../../catalog/manifestName";
import { compact } from "../../compact";
import type { ConnectionArgs, Sources } from "../../consul/connection";
import { isList, isRecord, type Problem, type Value, type Values } from "../../lifecycle";
import { type Allowance, allowanceProblem, isAllowance } from "../../restore/guards";
import type { SafetySnapshot } from "../../restore/request";
import { plainRunId, runIdProblem } from "../../restore/runId";
import { isServerId } from "../../serverId";
import { parseSha256 } from "../../restore/sha256";
import { isToken } from "../../restore/token";
import { type Location, parseLocation, parseSource } from "../../store/location";
import { checkTemplate } from "../../store/nameTemplate";
import { cleanText } from "../../text";
import { checkConnectionArgs, checkTable, locationProblems, readConnectionArgs } from "../commonArgs";

export interface RestoreArgs {
  readonly runId: string;
  readonly validUntil: Date;
  readonly source: Location;
  readonly safetySnapshot: SafetySnapshot | false;
  readonly connection: ConnectionArgs;
  readonly decryption: Decryption;
  readonly tokenAfterRestore?: string;
  readonly allow: readonly Allowance[];
  readonly sha256?: string;
  readonly cluster?: string;
  readonly strict: boolean;
}

/**
 * All problems with the arguments. Unknown values are not judged. A `validUntil` in the past is no problem: the resource of a
 * completed restore may stay in its program. No reason contains a secret.
 *
 * @param sources - stack configuration and environment, for what the arguments do not set
 * @param before - the arguments of the previous run
 */
export function checkArgs(inputs: Values, sources: Sources, before: Values = {}): Problem[] {
  return [...checkTable("restore", inputs, "ConsulSnapshotRestore"), ...checkValues(inputs, sources, before)];
}

/** Problems with arguments, apart from their names and kinds. `checkKeys` judges keys. */
export function checkValues(inputs: Values, sources: Sources, before: Values = {}): Problem[] {
  return [
    ...checkRunId(inputs, before),
    ...sourceProblems(inputs),
    ...checkSafetySnapshot(inputs),
    ...checkAllow(inputs),
    ...checkSha256(inputs),
    ...checkCluster(inputs),
    ...checkTokenAfterRestore(inputs),
    ...checkIdentityPlaces(inputs.decryption),
    ...checkConnectionArgs(inputs, sources),
  ];
}

/** Problems with the keys in arguments that `checkArgs` has accepted. Loads the age library. */
export async function checkKeys({ safetySnapshot, decryption }: Values): Promise<Problem[]> {
  const encryption = isRecord(safetySnapshot) ? safetySnapshot.encryption : undefined;
  return [
    ...(await recipientProblems(readRecipients(encryption))),
    ...(await identityProblems(readDecryption(decryption))),
  ];
}

function checkRunId({ runId }: Values, before: Values): Problem[] {
  const problem = typeof runId === "string" ? runIdProblem(runId) : undefined;
  if (typeof runId !== "string" || problem === undefined) return [];
  if (plainRunId(runId) === "") return [{ path: "runId", reason: `runId is required: ${RESTORE.runId.form}` }];
  // A version that accepted the id may have restored this run. With another id, it would be restored again.
  if (runId === before.runId) return [];
  return [{ path: "runId", reason: `runId is invalid: ${problem}` }];
}

/** Problems with the argument `source`, apart from its kind: it must be the path or URL of one archive. */
export function sourceProblems({ source }: Values): Problem[] {
  if (typeof source !== "string") return [];
  const problems = locationProblems("source", () => parseSource(source));
  const archive = archiveOfManifest(source);
  if (problems.length > 0 || archive === undefined) return problems;
  return [
    {
      path: "source",
      reason: `source is a manifest, not an archive. Specify its archive: ${cleanText(JSON.stringify(archive))}`,
    },
  ];
}

function checkSafetySnapshot({ safetySnapshot }: Values): Problem[] {
  const path = "safetySnapshot";
  if (!isRecord(safetySnapshot)) return [];
  const { target, encryption } = safetySnapshot;
  const place =
    typeof target === "string" ? locationProblems(path, () => checkTemplate(parseLocation(target), false)) : [];
  return [...place, ...checkEncryptedName(encryption, target).map(({ reason }) => ({ reason: `${path}.${reason}` }))];
}

function checkAllow({ allow }: Values): Problem[] {
  if (!isList(allow)) return [];
  return allow.flatMap((name): Problem[] => {
    const reason = typeof name === "string" ? allowanceProblem(name) : undefined;
    return reason === undefined ? [] : [{ path: "allow", reason }];
  });
}

function checkSha256({ sha256 }: Values): Problem[] {
  if (typeof sha256 !== "string" || parseSha256(sha256) !== undefined) return [];
  return [{ path: "sha256", reason: `sha256 must be ${RESTORE.sha256.form}` }];
}

function checkCluster({ cluster }: Values): Problem[] {
  if (typeof cluster !== "string" || isServerId(cluster)) return [];
  return [{ path: "cluster", reason: `cluster must be ${RESTORE.cluster.form}` }];
}

function checkTokenAfterRestore({ tokenAfterRestore }: Values): Problem[] {
  if (typeof tokenAfterRestore !== "string" || isToken(tokenAfterRestore)) return [];
  return [{ reason: `tokenAfterRestore must be ${RESTORE.tokenAfterRestore.form}` }];
}

/** The arguments as the lifecycle uses them, once `checkArgs` has found no problem and all values are known. */
export function readArgs(inputs: Values): RestoreArgs {
  const { runId, validUntil, source, tokenAfterRestore, allow, sha256, cluster, strict } = readRows(RESTORE, inputs);
  return compact({
    runId: runId ?? "",
    // An unreadable time counts as past, so nothing is restored.
    validUntil: parseTime(validUntil ?? "") ?? new Date(0),
    source: parseLocation(source ?? ""),
    safetySnapshot: readSafetySnapshot(inputs.safetySnapshot),
    connection: readConnectionArgs(inputs),
    decryption: readDecryption(inputs.decryption),
    tokenAfterRestore,
    allow: (allow ?? []).filter(isAllowance),
    sha256: parseSha256(sha256 ?? ""),
    cluster,
    strict,
  });
}

function readSafetySnapshot(value: Value | undefined): SafetySnapshot | false {
  if (value === false) return false;
  const { target, encryption } = readRows(SAFETY_SNAPSHOT, value);
  return compact({ target: parseLocation(target ?? ""), recipients: readRecipients(encryption) });
}
