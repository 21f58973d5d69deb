/** What must hold before a restore begins. Pure: facts in, guards out, each with what was seen. */

import type { ArchiveReport } from "../../archive/reader";
import { parseVersion, restorableOn } from "../../archive/restorable";
import type { ErrorCode, SnapshotError } from "../../errors";
import { takenAt } from "../facts";
import type { Manifest } from "../manifest";
import { type Sight, unrest } from "./cluster";
import { NothingRestored } from "./refusal";
import type { Allowance } from "./request";

export interface Guard {
  /** `restorable`, `expired`, `leader`, …; where a user may override it, the name to allow. */
  readonly name: string;
  readonly ok: boolean;
  /** What was seen, as one sentence without its full stop. */
  readonly seen: string;
  /** What overrides it, where anything does. */
  readonly allow?: Allowance;
  /** Whether it failed, and the user has overridden it. */
  readonly allowed: boolean;
  /** What to do when it fails, beside overriding it. */
  readonly advice: string;
  /** Default: `RESTORE_REFUSED`. */
  readonly code?: ErrorCode;
}

export interface Facts {
  readonly now: Date;
  readonly validUntil?: Date;
  readonly report: ArchiveReport;
  /** Of the only archive that is meant. Default: whichever it is. */
  readonly sha256?: string;
  /** Bytes of the object that was read, which may be encrypted. */
  readonly storedSize: number;
  readonly manifest: Manifest | undefined;
  readonly cluster: {
    readonly address: string;
    readonly datacenter?: string;
    readonly consulVersion?: string;
    readonly serverIds: readonly string[];
    readonly sight: Sight;
  };
  readonly allow: readonly Allowance[];
}

/** All guards, in the order in which a reader wonders about them. */
export function judge(given: Facts): Guard[] {
  const isOriginal = given.manifest?.sha256 === given.report.sha256 && given.manifest.storedSize === given.storedSize;
  // What a manifest says of another archive tells nothing of this one.
  const facts = isOriginal ? given : { ...given, manifest: undefined };
  return [
    ...expired(facts),
    ...meant(facts),
    unchanged(given.manifest, isOriginal),
    restorable(facts),
    leader(facts),
    healthy(facts),
    sameDatacenter(facts),
    sameVersion(facts),
  ].map((guard) => ({
    ...guard,
    allowed: !guard.ok && guard.allow !== undefined && given.allow.includes(guard.allow),
  }));
}

/** Why nothing is restored: all that failed, in one error; nothing where none did. */
export function refusalOf(guards: readonly Guard[]): SnapshotError | undefined {
  const failed = guards.filter(({ ok, allowed }) => !ok && !allowed);
  const [first] = failed;
  if (first === undefined) return undefined;
  const seen = failed.map((guard) => `${guard.seen} (guard ${guard.name})`).join("; ");
  const hard = failed.find(({ allow }) => allow === undefined);
  const names = failed.flatMap(({ allow }) => (allow === undefined ? [] : [`"${allow}"`])).join(", ");
  const hint =
    hard === undefined ? `${first.advice} If it is meant, override it: allow: [${names}], or --allow.` : hard.advice;
  return new NothingRestored((hard ?? first).code ?? "RESTORE_REFUSED", seen, hint);
}

type Judged = Omit<Guard, "allowed">;

function expired({ now, validUntil }: Pick<Facts, "now" | "validUntil">): Judged[] {
  if (validUntil === undefined) return [];
  const ok = now.getTime() <= validUntil.getTime();
  return [
    {
      name: "expired",
      ok,
      seen: ok
        ? `it may begin until ${validUntil.toISOString()}`
        : `it was to begin until ${validUntil.toISOString()}, and it is ${now.toISOString()}`,
      advice: "If the restore is still wanted, set a later validUntil.",
    },
  ];
}

function meant({ sha256, report }: Facts): Judged[] {
  if (sha256 === undefined) return [];
  const ok = report.sha256 === sha256;
  const seen = ok
    ? "the archive is the one that was looked at"
    : "another archive lies there than the one that was looked at";
  return [{ name: "source", ok, seen, advice: "Look at it again: somebody has written there in between." }];
}

/** @throws SnapshotError `RESTORE_REFUSED` once the time to begin is over */
export function refuseExpired(validUntil: Date | undefined, now: Date): void {
  const refusal = refusalOf(
    expired({ now, ...(validUntil === undefined ? {} : { validUntil }) }).map((guard) => ({
      ...guard,
      allowed: false,
    })),
  );
  if (refusal !== undefined) throw refusal;
}

/** A step that failed, in the words of a guard. */
export function refused(guard: string, seen: string, cause?: SnapshotError, hint = cause?.hint ?? ""): SnapshotError {
  return new NothingRestored("RESTORE_REFUSED", `${seen} (guard ${guard})`, hint, cause);
}

/** Something that a plan says and that keeps nothing from happening. */
export function told(name: string, seen: string): Guard {
  return { name, ok: true, seen, allowed: false, advice: "" };
}

/** The archive against what was written beside it when it was saved. */
function unchanged(manifest: Manifest | undefined, isOriginal: boolean): Judged {
  const seen =
    manifest === undefined
      ? "the archive has no manifest to compare it with"
      : isOriginal
        ? "the archive is the one that was saved, byte for byte"
        : "the archive is sound, but not the one that was saved: its manifest tells of another";
  return {
    name: "changedSinceManifest",
    ok: manifest === undefined || isOriginal,
    seen,
    allow: "changedSinceManifest",
    advice: "Find out who has put it there.",
  };
}

/**
 * A server does not refuse a state that it cannot restore: it dies of it. So nothing overrides this, each version that is
 * there must restore the archive, and where none is known, none is guessed.
 */
function restorable({ report, cluster }: Facts): Judged {
  const versions = versionsOf(cluster);
  const guard = {
    name: "restorable",
    advice: "Restore another archive: a Consul server that is given this one would die of it.",
  };
  const [problem, ...others] = versions.flatMap((version) => restorableOn(report, version)?.problems ?? []);
  if (problem !== undefined) {
    const messages = new Set([problem, ...others].map(({ message }) => message));
    return { ...guard, ok: false, seen: [...messages].join("; "), code: problem.code };
  }
  if (versions.length === 0) {
    return {
      ...guard,
      ok: false,
      seen: "it is not known which Consul the servers run, and so not whether it can restore the archive",
      advice: "Use a token that may also read the servers' version: operator:read or agent:read.",
    };
  }
  const seen = `Consul ${versions.join(" and ")} ${versions.length === 1 ? "restores" : "restore"} every record of it`;
  const isDenied = cluster.sight.health === "denied";
  return {
    ...guard,
    ok: true,
    seen: isDenied ? `${seen}; whether all servers run that is unchecked (operator:read)` : seen,
  };
}

/** Each version that is known to run there: while servers are upgraded there are several. */
function versionsOf({ consulVersion = "", sight: { health } }: Facts["cluster"]): string[] {
  const servers = health === undefined || health === "denied" ? [] : health.servers;
  // Autopilot leaves out the edition.
  const edition = /\+ent\b/.exec(consulVersion)?.[0] ?? "";
  const told = new Set([consulVersion, ...servers.map(({ version }) => version + edition)]);
  return [...told].filter((version) => parseVersion(version) !== undefined);
}

function leader({ cluster }: Facts): Judged {
  const { leader } = cluster.sight;
  return {
    name: "leader",
    ok: leader !== undefined,
    seen: leader === undefined ? `Consul at ${cluster.address} has no leader` : `${leader} leads`,
    advice:
      "A restore goes through the leader: wait for an election; where quorum is lost, bring servers back or bootstrap a new cluster.",
  };
}

function healthy({ cluster: { sight } }: Facts): Judged {
  const why = sight.leader === undefined ? undefined : unrest(sight);
  return {
    name: "unhealthyCluster",
    ok: why === undefined,
    seen: why ?? healthInWords(sight),
    allow: "unhealthyCluster",
    advice: "Let the cluster come to rest: see `consul operator raft list-peers` and the servers' logs.",
  };
}

function healthInWords({ health }: Sight): string {
  if (health === undefined) return "the servers' health is unchecked without a leader";
  if (health === "denied") return "the servers' health is unchecked: the token may not read it (operator:read)";
  const count = health.servers.length;
  return count === 1 ? "the one server is healthy" : `all ${count} servers are healthy`;
}

function sameDatacenter({ manifest, report, cluster }: Facts): Judged {
  const guard = {
    name: "otherDatacenter",
    allow: "otherDatacenter",
    advice: "A restored state brings its own nodes, tokens and CA along: look whether this is the cluster you mean.",
  } as const;
  const here = cluster.datacenter;
  // Servers keep their ids for life, so one in common tells more than a name does.
  if (report.meta.servers.some(({ id }) => cluster.serverIds.includes(id))) {
    return { ...guard, ok: true, seen: "the archive is of this very cluster" };
  }
  const there = manifest?.datacenter;
  if (there === undefined) {
    return {
      ...guard,
      ok: false,
      seen: "it is not known which datacenter the archive is of: it has no manifest that says so",
    };
  }
  if (here === undefined) {
    return {
      ...guard,
      ok: false,
      seen: `the archive is of ${there}, and it is not known which datacenter this is (agent:read)`,
    };
  }
  const seen = `the archive is of ${there}, and the cluster at ${cluster.address} is ${here}`;
  return { ...guard, ok: here === there, seen };
}

function sameVersion({ manifest, cluster }: Facts): Judged {
  const guard = {
    name: "otherVersion",
    allow: "otherVersion",
    advice:
      "Consul promises a restore only for its own version: restore on servers of the archive's version, then upgrade.",
  } as const;
  const there = manifest?.consulVersion;
  const here = versionsOf(cluster);
  if (there === undefined) {
    return {
      ...guard,
      ok: false,
      seen: "it is not known which Consul wrote the archive: it has no manifest that says so",
    };
  }
  if (here.length === 0) {
    return {
      ...guard,
      ok: false,
      seen: `Consul ${there} wrote the archive, and the servers' version is not known (agent:read)`,
    };
  }
  const ok = here.every((version) => lineOf(version) === lineOf(there));
  return { ...guard, ok, seen: `Consul ${there} wrote the archive, and the servers run ${here.join(" and ")}` };
}

/** Releases of one line restore each other's archives. */
function lineOf(version: string): string {
  const line = parseVersion(version)?.join(".") ?? version;
  return version.includes("ent") ? `${line}+ent` : line;
}

/** A rollback goes back: that is said, and is no reason to refuse. */
export function aboutIndex(report: ArchiveReport, index: number): string {
  const taken = `${takenAt(report.meta).toISOString()}, index ${report.meta.index}`;
  return report.meta.index < index
    ? `the cluster goes back to ${taken}: it is at index ${index} now`
    : `the cluster, at index ${index} now, gets the state of ${taken}`;
}
