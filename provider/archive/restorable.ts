/**
 * Whether a version of Consul can restore an archive. A server does not refuse a state that it cannot decode or that
 * has unknown records: it crashes, and a single server does not start again. So this is checked before a restore.
 */

import type { ErrorCode } from "../errors";
import type { ArchiveReport } from "./reader";
import { stateSizeProblem } from "./stateSize";
import { whyKindNotRestored, whyNotRestored } from "./recordTypeLookup";
import { NEWEST, OLDEST, PEERS_SINCE, READ_IN_PART, TRIED, VERSIONS } from "./recordTypes";
import { isBefore, isEqual, parseVersion, type Version } from "./version";

export interface RestoreProblem {
  readonly code: Extract<ErrorCode, "STATE_UNDECODABLE" | "STATE_UNKNOWN_RECORD" | "ARCHIVE_MALFORMED">;
  /** One sentence, without a full stop. */
  readonly message: string;
  /** Where in `state.bin` the record begins. */
  readonly offset?: number;
}

export interface RestoreVerdict {
  readonly restorable: boolean;
  /**
   * The evidence for the verdict: tests with real servers of exactly that version, the source of that minor version, or the
   * source of the nearest known version.
   */
  readonly basis: "tried" | "source" | "nearest";
  /** The same in words, for messages and outputs. */
  readonly knownBy: string;
  /** All reasons why not, one per kind of record. */
  readonly problems: readonly RestoreProblem[];
}

/**
 * @param report - of a valid archive
 * @param consulVersion - as reported by Consul: `1.13.9`, `1.16.2+ent`, `v1.21.0-dev`
 * @returns `undefined` if that is not a version
 */
export function restorableOn(report: ArchiveReport, consulVersion: string): RestoreVerdict | undefined {
  const version = parseVersion(consulVersion);
  if (version === undefined) return undefined;
  const isEnterprise = consulVersion.includes("ent");
  const nearest = nearestKnown(version);
  const evidence = evidenceFor(consulVersion, version, nearest);
  const cannot = `${consulVersion} cannot restore it${evidence.basis === "nearest" ? ` (${evidence.knownBy})` : ""}`;
  const problems = [
    ...problemsOfMeta(report),
    ...problemsOfTypes(report, nearest, isEnterprise, cannot),
    ...problemsOfKinds(report, nearest, isEnterprise, cannot),
    ...problemsOfNodes(report, nearest, isEnterprise, cannot),
    ...problemsOfAddresses(report, nearest, cannot),
    ...problemsOfPolicies(report, isEnterprise, consulVersion),
    ...problemsOfState(report),
  ];
  const restorable = problems.length === 0;
  return {
    restorable,
    ...(restorable ? except(evidence, reservations(report, nearest, isEnterprise)) : evidence),
    problems,
  };
}

type Evidence = Pick<RestoreVerdict, "basis" | "knownBy">;

function evidenceFor(consulVersion: string, version: Version, nearest: Version): Evidence {
  if (TRIED.includes(consulVersion.trim().replace(/^v/, ""))) return { basis: "tried", knownBy: "tried" };
  if (!isEqual(nearest, version)) {
    return { basis: "nearest", knownBy: `nearest version known: ${nearest.join(".")}` };
  }
  if (READ_IN_PART.some((one) => isEqual(one, version))) return { basis: "source", knownBy: "by a part of its source" };
  const tried = TRIED.find((release) => isEqual(parseVersion(release) ?? OLDEST, version));
  return { basis: "source", knownBy: tried === undefined ? "by its source" : `by its source; ${tried} was tried` };
}

/** With a reservation, no version counts as tried: tests with real servers were of archives without any. */
function except({ basis, knownBy }: Evidence, reasons: readonly string[]): Evidence {
  if (reasons.length === 0) return { basis, knownBy };
  const isTried = basis === "tried";
  return { basis: isTried ? "source" : basis, knownBy: [isTried ? "by its source" : knownBy, ...reasons].join("; ") };
}

/** What a version of Consul may do to an archive that it can restore as far as is known. */
function reservations({ state }: ArchiveReport, version: Version, isEnterprise: boolean): string[] {
  const { unchecked = 0, hasUncomparedNames = false, tenancy } = state;
  const { tenants = 0, imported = 0, peerableAddresses = 0, hasEnterpriseServer = false } = tenancy ?? {};
  const reasons: string[] = [];
  if (unchecked > 0) {
    reasons.push(
      `${unchecked === 1 ? "1 record is" : `${unchecked} records are`} too large to be checked field by field`,
    );
  }
  if (hasUncomparedNames) {
    reasons.push("it has too many names of nodes, services and policies to compare them with each other");
  }
  if (tenants > 0 && !isEnterprise) {
    const records = tenants === 1 ? "1 record belongs" : `${tenants} records belong`;
    reasons.push(
      `${records} to a partition or namespace, which Community Edition drops: of records with the same name it keeps only one`,
    );
  } else if (hasEnterpriseServer && !isEnterprise) {
    reasons.push("the archive was saved by Consul Enterprise");
  }
  if (!isBefore(version, PEERS_SINCE)) return reasons;
  const since = PEERS_SINCE.join(".");
  if (imported > 0) {
    const records = imported === 1 ? "1 registration is" : `${imported} registrations are`;
    reasons.push(`${records} of a peer, which Consul drops before ${since}`);
  }
  if (peerableAddresses > 1) {
    reasons.push(`${peerableAddresses} virtual addresses have the form of ${since} and later, and only one is kept`);
  }
  return reasons;
}

/** The newest known version that is not newer than this one; for a version older than all of them, the oldest known. */
function nearestKnown(version: Version): Version {
  return VERSIONS.findLast((known) => !isBefore(version, known)) ?? OLDEST;
}

/** Why the newest known version cannot restore an archive. */
export function problemsOnNewest(report: ArchiveReport): readonly RestoreProblem[] {
  return restorableOn(report, NEWEST.join("."))?.problems ?? [];
}

/**
 * The verdict of the newest known version on an archive that no known version can restore.
 *
 * @returns `undefined` if any known version of either edition can restore it
 */
export function restorableOnNone(
  report: ArchiveReport,
): { consulVersion: string; verdict: RestoreVerdict } | undefined {
  const consulVersion = NEWEST.join(".");
  const verdict = restorableOn(report, consulVersion);
  if (verdict === undefined || verdict.restorable) return undefined;
  const versions = VERSIONS.map((numbers) => numbers.join(".")).flatMap((version) => [version, `${version}+ent`]);
  const isRestored = versions.some((version) => restorableOn(report, version)?.restorable === true);
  return isRestored ? undefined : { consulVersion, verdict };
}

/** The known versions that can restore an archive, as ranges: `1.8 to 1.14`. */
export function restoredBy(report: ArchiveReport): string[] {
  const ranges: string[][] = [];
  let range: string[] | undefined;
  for (const version of VERSIONS.map((numbers) => numbers.join("."))) {
    if (restorableOn(report, version)?.restorable !== true) range = undefined;
    else if (range === undefined) ranges.push((range = [version]));
    else range.push(version);
  }
  return ranges.map((versions) => [...new Set([versions[0], versions.at(-1)])].join(" to "));
}

/** The verdict for an archive without problems, as a sentence without a full stop. */
export function restorableSentence(
  consulVersion: string,
  { basis, knownBy }: Pick<RestoreVerdict, "basis" | "knownBy">,
): string {
  const what =
    basis === "tried"
      ? `Consul ${consulVersion} restores it`
      : `there is no known reason why Consul ${consulVersion} could not restore it`;
  return `${what} (${knownBy})`;
}

/**
 * Raft goes on from the archive's index and cannot count beyond 64 bits. A server that restores an archive with the last one
 * never answers again (tried with 1.14.11: 2^64-1 and 2^64-2, and 2^63 as the highest index that is restored).
 */
const MAX_INDEX = 2 ** 63;

function problemsOfMeta({ meta, stateSize }: ArchiveReport): RestoreProblem[] {
  const problems: RestoreProblem[] = [];
  if (meta.version !== 1) {
    problems.push({
      code: "ARCHIVE_MALFORMED",
      message: `meta.json is of version ${meta.version}, and only 1 is restored`,
    });
  }
  if (meta.index > MAX_INDEX) {
    problems.push({
      code: "ARCHIVE_MALFORMED",
      message: `meta.json has the index ${meta.exact.index}, which leaves no room for later changes`,
    });
  }
  const size = stateSizeProblem({ meta, stateSize });
  if (size !== undefined) problems.push({ code: "ARCHIVE_MALFORMED", message: size });
  return problems;
}

function problemsOfTypes(
  { state }: ArchiveReport,
  version: Version,
  isEnterprise: boolean,
  cannot: string,
): RestoreProblem[] {
  return state.groups.flatMap(({ code, type, count, offset }) => {
    const why = whyNotRestored(code, version, isEnterprise);
    if (why === undefined) return [];
    const records = count === 1 ? `a record of type ${type}` : `${count} records of type ${type}`;
    return [
      {
        code: "STATE_UNKNOWN_RECORD",
        message: `it holds ${records}, ${why}: ${cannot}`,
        offset,
      },
    ];
  });
}

function problemsOfKinds(
  { state }: ArchiveReport,
  version: Version,
  isEnterprise: boolean,
  cannot: string,
): RestoreProblem[] {
  return state.configEntryKinds.flatMap(({ kind, count, offset }) => {
    const why = whyKindNotRestored(kind, version, isEnterprise);
    if (why === undefined) return [];
    const entries = count === 1 ? "a configuration entry" : `${count} configuration entries`;
    const message = `it holds ${entries} of kind ${JSON.stringify(kind)}, ${why}: ${cannot}`;
    return [{ code: "STATE_UNKNOWN_RECORD", message, offset }];
  });
}

/** A server that drops partitions or peers crashes if it finds two nodes with the same name or id then. */
function problemsOfNodes(
  { state }: ArchiveReport,
  version: Version,
  isEnterprise: boolean,
  cannot: string,
): RestoreProblem[] {
  if (isEnterprise) return [];
  const { partitionClash, peerClash } = state.tenancy ?? {};
  const hasPeers = !isBefore(version, PEERS_SINCE);
  const offset = hasPeers ? partitionClash : peerClash;
  if (offset === undefined) return [];
  const places = hasPeers || partitionClash === offset ? "partitions" : "peers";
  const message = `it holds nodes of the same name or id in different ${places}, which are one node there: ${cannot}`;
  return [{ code: "STATE_UNKNOWN_RECORD", message, offset }];
}

function problemsOfAddresses({ state }: ArchiveReport, version: Version, cannot: string): RestoreProblem[] {
  const offset = state.tenancy?.namelessAddress;
  if (offset === undefined || isBefore(version, PEERS_SINCE)) return [];
  return [{ code: "STATE_UNDECODABLE", message: `it holds a virtual address without a service: ${cannot}`, offset }];
}

function problemsOfPolicies(
  { state: { policyClash } }: ArchiveReport,
  isEnterprise: boolean,
  consulVersion: string,
): RestoreProblem[] {
  if (policyClash === undefined || (policyClash.isTenant && isEnterprise)) return [];
  const { offset } = policyClash;
  const message = `it holds an ACL policy with the name of a built-in one: no server of ${consulVersion} with ACLs could lead then`;
  return [{ code: "STATE_UNKNOWN_RECORD", message, offset }];
}

function problemsOfState({ state }: ArchiveReport): RestoreProblem[] {
  return [state.undecodable, state.misshapen].flatMap((problem) => {
    if (problem === undefined) return [];
    const message = `state.bin cannot be decoded at byte ${problem.offset}: ${problem.message}`;
    return [{ code: "STATE_UNDECODABLE", message, offset: problem.offset }];
  });
}
