/** What each guard checks. Pure: facts in, findings out. The table of guards is in `guards.ts`. */

import type { ArchiveReport } from "../archive/reader";
import { restorableOn, restorableSentence } from "../archive/restorable";
import { parseVersion } from "../archive/version";
import { isManifestOf, takenAt } from "../catalog/archiveFacts";
import type { Manifest } from "../catalog/manifest";
import {
  type ClusterIdentity,
  compareClusters,
  compareNodes,
  describeIdentity,
  identityOfServers,
} from "../consul/clusterIdentity";
import type { Vocabulary } from "../args/vocabulary";
import type { ErrorCode, SnapshotError } from "../errors";
import { safeServerId, shareServer } from "../serverId";
import { argumentName } from "./argumentName";
import { type ClusterObservation, instability } from "./clusterObservation";

/** What the guards judge. */
export interface GuardFacts {
  /** How the front end calls arguments. */
  readonly vocabulary: Vocabulary;
  /** By the clock of this machine, and by that of Consul, where its answers say so. */
  readonly now: Date;
  readonly consulNow?: Date;
  readonly validUntil?: Date;
  /** Of the only archive that may be restored. Default: any. */
  readonly sha256?: string;
  /** The Raft id of a server of the only cluster that may be restored. Default: any. */
  readonly clusterServer?: string;
  readonly report: ArchiveReport;
  /** Bytes of the object that was read, which may be encrypted. */
  readonly storedSize: number;
  readonly manifest?: Manifest;
  readonly cluster: {
    readonly address: string;
    readonly datacenter?: string;
    readonly consulVersion?: string;
    /** Of all servers, as the cluster's own state has them; nothing where it was not read. */
    readonly registeredVersions?: readonly string[];
    /** Why the datacenter or the version is unknown. */
    readonly unknownReason?: string;
    readonly identity: ClusterIdentity;
    readonly observation: ClusterObservation;
  };
  /** What the cluster holds now, or why it cannot be read; nothing where it was not read. */
  readonly current?: { readonly report: ArchiveReport } | { readonly error: SnapshotError };
  /** Where the current state is saved first; `false`: nowhere; `undefined`: not decided yet. */
  readonly safetySnapshot: string | false | undefined;
}

/** What one check found. */
export interface Finding {
  readonly ok: boolean;
  /** One sentence without its full stop. */
  readonly message: string;
  /** Default: `RESTORE_REFUSED`. */
  readonly code?: ErrorCode;
  /** Default: that of the rule. */
  readonly advice?: string;
  /** Whether it fails only because the cluster did not answer what it asks. Default: false. */
  readonly isUnanswered?: boolean;
}

/** What the guard of the time judges. */
export type TimeFacts = Pick<GuardFacts, "vocabulary" | "now" | "consulNow" | "validUntil">;

export function expired({ vocabulary, now, consulNow, validUntil }: TimeFacts): Finding | undefined {
  if (validUntil === undefined) return undefined;
  const later = `If the restore is still wanted, set a later ${argumentName({ vocabulary }, "validUntil")}.`;
  const until = validUntil.toISOString();
  if (now > validUntil) {
    return {
      ok: false,
      message: `the restore was valid until ${until}, and it is ${now.toISOString()}`,
      advice: later,
    };
  }
  if (consulNow !== undefined && consulNow > validUntil) {
    return {
      ok: false,
      message: `the restore was valid until ${until}, and it is ${consulNow.toISOString()} by the clock of Consul, ${now.toISOString()} by the clock of this machine`,
      advice: `Correct the clock that is wrong. ${later}`,
    };
  }
  return { ok: true, message: `the restore is valid until ${until}` };
}

export function hasSha256({ sha256, report }: GuardFacts): Finding | undefined {
  if (sha256 === undefined) return undefined;
  const ok = report.sha256 === sha256;
  return {
    ok,
    message: ok
      ? "the archive has the SHA-256 that the restore asks for"
      : `the archive's SHA-256 is ${report.sha256}, and the restore asks for ${sha256}`,
  };
}

/** What a manifest says about another archive says nothing about this one. */
function ownManifest({ manifest, report, storedSize }: GuardFacts): Manifest | undefined {
  return manifest !== undefined && isManifestOf(manifest, report, storedSize) ? manifest : undefined;
}

export function matchesManifest(facts: GuardFacts): Finding {
  const { manifest, sha256 } = facts;
  if (manifest === undefined) return { ok: true, message: "the archive has no manifest to compare it with" };
  if (ownManifest(facts) === undefined) {
    return { ok: false, message: "the archive is valid, but its manifest describes another archive" };
  }
  const unproved = `; with write access there, both could have been replaced: ${argumentName(facts, "sha256")} would detect that`;
  return { ok: true, message: `the archive matches the manifest beside it${sha256 === undefined ? unproved : ""}` };
}

/** Each version that is there must be able to restore the archive, and where none is known, none is guessed. */
export function restorable({ report, cluster }: GuardFacts): Finding {
  const versions = versionsOf(cluster);
  const verdicts = versions.flatMap((version) => {
    const verdict = restorableOn(report, version);
    return verdict === undefined ? [] : [{ version, ...verdict }];
  });
  const failing = verdicts.flatMap(({ problems }) => problems);
  const [first] = failing;
  if (first !== undefined) {
    const messages = new Set(failing.map(({ message }) => message));
    return { ok: false, message: [...messages].join("; "), code: first.code };
  }
  if (versions.length === 0) {
    return {
      ok: false,
      message: `the Consul version of the servers is unknown, so it is unknown whether they can restore the archive${cluster.unknownReason === undefined ? "" : `: ${cluster.unknownReason}`}`,
      advice:
        "Let the servers' version be read: by a token with operator:read or agent:read, at an agent that does not block these requests.",
      isUnanswered: true,
    };
  }
  const message = verdicts.map(({ version, ...verdict }) => restorableSentence(version, verdict)).join(", and ");
  const isUnchecked = typeof cluster.observation.health === "string" && !isRegistered(cluster);
  return {
    ok: true,
    message: isUnchecked
      ? `${message}; whether all servers run that version is unchecked${whyUnread(cluster.observation)}`
      : message,
  };
}

/** Each version that is known to run there: while servers are upgraded there are several. */
export function versionsOf(cluster: GuardFacts["cluster"]): string[] {
  const {
    consulVersion = "",
    registeredVersions = [],
    observation: { health },
  } = cluster;
  const servers = typeof health === "object" ? health.servers : [];
  // Autopilot leaves out the edition.
  const edition = /\+ent\b/.exec(consulVersion)?.[0] ?? "";
  const known = new Set([consulVersion, ...registeredVersions, ...servers.map(({ version }) => version + edition)]);
  return [...known].filter((version) => parseVersion(version) !== undefined);
}

function isRegistered({ registeredVersions = [] }: GuardFacts["cluster"]): boolean {
  return registeredVersions.length > 0;
}

export function hasLeader({ cluster }: GuardFacts): Finding {
  const { leader } = cluster.observation;
  return {
    ok: leader !== undefined,
    message: leader === undefined ? `Consul at ${cluster.address} has no leader` : `${leader} is the leader`,
  };
}

export function isHealthy({ cluster: { observation } }: GuardFacts): Finding {
  const why = observation.leader === undefined ? undefined : instability(observation);
  return { ok: why === undefined, message: why ?? describeHealth(observation) };
}

function describeHealth({ health }: ClusterObservation): string {
  if (health === undefined) return "the servers' health is unchecked without a leader";
  if (health === "denied") return "the servers' health is unchecked: the token may not read it (operator:read)";
  if (health === "blocked") return "the servers' health is unchecked: the agent or a proxy blocks the request for it";
  const count = health.servers.length;
  return count === 1 ? "the one server is healthy" : `all ${count} servers are healthy`;
}

/** Why questions about the servers had no answer, in parentheses. */
function whyUnread({ health }: ClusterObservation): string {
  return health === "blocked" ? " (the agent or a proxy blocks the request)" : " (operator:read)";
}

export function isSameDatacenter(facts: GuardFacts): Finding {
  const { report, cluster } = facts;
  const archived = ownManifest(facts)?.datacenter;
  const current = cluster.datacenter;
  const isKnownOther = archived !== undefined && current !== undefined && archived !== current;
  // Servers keep their ids for life, so one in common proves more than equal names do. (Copied machines share ids, too.)
  if (!isKnownOther && compareNodes(cluster.identity, idsIn(report)) === "same") {
    return { ok: true, message: "the archive is from this cluster" };
  }
  if (archived === undefined) {
    return { ok: false, message: "the datacenter of the archive is unknown: it has no manifest that names it" };
  }
  if (current === undefined) {
    return {
      ok: false,
      message: `the archive is from datacenter ${archived}, and the datacenter of this cluster is unknown: ${cluster.unknownReason ?? "Consul does not say"}`,
      isUnanswered: true,
    };
  }
  return {
    ok: current === archived,
    message: `the archive is from datacenter ${archived}, and the cluster at ${cluster.address} is ${current}`,
  };
}

export function isSameCluster({ report, cluster }: GuardFacts): Finding | undefined {
  const comparison = compareNodes(cluster.identity, idsIn(report));
  if (comparison === "unknown") {
    const why =
      cluster.identity.serverIds.length === 0
        ? whyUnread(cluster.observation)
        : ": its servers have no ids of their own";
    return { ok: true, message: `whether the archive is from this cluster is unchecked${why}` };
  }
  // The guard of the datacenter says so already.
  if (comparison === "same") return undefined;
  const archived = identityOfServers(report.meta.servers);
  return {
    ok: false,
    message: `the archive is from another cluster: it has ${describeIdentity(archived)}, the cluster at ${cluster.address} has ${describeIdentity(cluster.identity)}, and no server is in both`,
  };
}

/** An earlier plan was about the cluster of this server. */
export function isRequestedCluster(
  facts: Pick<GuardFacts, "vocabulary" | "clusterServer"> & {
    cluster: Pick<GuardFacts["cluster"], "address" | "identity">;
  },
): Finding | undefined {
  const { clusterServer, cluster } = facts;
  if (clusterServer === undefined) return undefined;
  const { address, identity } = cluster;
  if (shareServer(identity.serverIds, [safeServerId(clusterServer)])) {
    return { ok: true, message: `the cluster has the server ${clusterServer}, which the restore asks for` };
  }
  const wanted = `the restore asks for the cluster of server ${clusterServer}`;
  if (identity.serverIds.length === 0) {
    return {
      ok: false,
      message: `${wanted}, and it is unknown which cluster answers at ${address}`,
      advice: "Use a token that can also read the servers' ids (operator:read).",
      isUnanswered: true,
    };
  }
  return {
    ok: false,
    message: `another cluster answers at ${address}: it has ${describeIdentity(identity)}, and ${wanted}`,
    advice: `Check the address. If this is the cluster to restore, make a new plan, and set ${argumentName(facts, "cluster")} to a server of it.`,
  };
}

function idsIn({ meta }: ArchiveReport): string[] {
  return [...identityOfServers(meta.servers).serverIds];
}

export function isSameVersion(facts: GuardFacts): Finding {
  const archived = ownManifest(facts)?.consulVersion;
  const current = versionsOf(facts.cluster);
  if (archived === undefined) {
    return {
      ok: false,
      message: "the Consul version that wrote the archive is unknown: it has no manifest that names it",
    };
  }
  if (current.length === 0) {
    return {
      ok: false,
      message: `Consul ${archived} wrote the archive, and the version of the servers is unknown: ${facts.cluster.unknownReason ?? "Consul does not say"}`,
      isUnanswered: true,
    };
  }
  return {
    ok: current.every((version) => lineOf(version) === lineOf(archived)),
    message: `Consul ${archived} wrote the archive, and the servers run ${current.join(" and ")}`,
  };
}

/** Releases of one line restore each other's archives. */
function lineOf(version: string): string {
  const line = parseVersion(version)?.join(".") ?? version;
  return version.includes("ent") ? `${line}+ent` : line;
}

export function isReadable({ current }: GuardFacts): Finding | undefined {
  if (current === undefined) return undefined;
  if ("report" in current) return { ok: true, message: "the token may read and restore the cluster's state" };
  const { code, message, hint } = current.error;
  return { ok: false, message, code, advice: hint };
}

export function aboutIndex({ report, current, cluster }: GuardFacts): Finding | undefined {
  if (current === undefined || !("report" in current)) return undefined;
  return { ok: true, message: describeRollback(report, current.report.meta.index, cluster.identity) };
}

/**
 * How far back a restore goes: no reason to refuse it. Another cluster's archive is no earlier state of this one.
 *
 * @param index - of the cluster
 */
export function describeRollback({ meta }: ArchiveReport, index: number, cluster: ClusterIdentity): string {
  const taken = `${takenAt(meta).toISOString()}, index ${meta.index}`;
  const isEarlier = meta.index < index && compareClusters(identityOfServers(meta.servers), cluster) === "same";
  return isEarlier
    ? `the cluster rolls back to ${taken}: it is at index ${index} now`
    : `the cluster, at index ${index} now, receives the state of ${taken}`;
}

export function aboutSafetySnapshot({ safetySnapshot }: GuardFacts): Finding {
  if (safetySnapshot === undefined) {
    return { ok: true, message: "where the current state is saved first is still to be decided" };
  }
  return {
    ok: true,
    message:
      safetySnapshot === false
        ? "the current state is not saved: it will be lost"
        : `the current state is saved first: ${safetySnapshot}`,
  };
}
