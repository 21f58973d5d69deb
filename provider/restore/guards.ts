/**
 * The preflight checks of a restore: all of them in one table. A row with a `check` is judged from facts before anything
 * happens; a row without one is judged by the step that it is about. Pure: facts in, verdicts out.
 */

import { compact } from "../compact";
import type { Vocabulary } from "../args/vocabulary";
import { type ErrorCode, SnapshotError } from "../errors";
import { nearest } from "../suggestion";
import { cleanLine } from "../text";
import {
  aboutIndex,
  aboutSafetySnapshot,
  expired,
  type Finding,
  type GuardFacts,
  hasLeader,
  hasSha256,
  isHealthy,
  isReadable,
  isRequestedCluster,
  isSameCluster,
  isSameDatacenter,
  isSameVersion,
  matchesManifest,
  restorable,
  type TimeFacts,
} from "./guardChecks";

interface Rule {
  /** Whether a user can override it, by its name. */
  readonly overridable: boolean;
  /** What to do when it fails, besides overriding it. Empty where only the finding can say it. */
  readonly advice: string;
  /** Returns nothing where it does not apply. */
  readonly check?: (facts: GuardFacts) => Finding | undefined;
}

/** All guards, causes before their consequences: without a leader or permission, little more is known of the cluster. */
export const GUARDS = {
  expired: {
    overridable: false,
    advice: "",
    check: expired,
  },
  source: {
    overridable: false,
    advice: "Find out who has replaced the archive, and restore only an archive that you have checked.",
    check: hasSha256,
  },
  changedSinceManifest: {
    overridable: true,
    advice: "Find out who has replaced the archive.",
    check: matchesManifest,
  },
  leader: {
    overridable: false,
    advice:
      "A restore goes through the leader: wait for an election; where quorum is lost, bring servers back or bootstrap a new cluster.",
    check: hasLeader,
  },
  permission: { overridable: false, advice: 'Use a token with the rule acl = "write".', check: isReadable },
  /** A server does not refuse a state that it cannot restore: it crashes. So nothing overrides this. */
  restorable: {
    overridable: false,
    advice: "Restore another archive: a Consul server that receives this one would crash.",
    check: restorable,
  },
  unhealthyCluster: {
    overridable: true,
    advice: "Let the cluster become stable: see `consul operator raft list-peers` and the servers' logs.",
    check: isHealthy,
  },
  otherDatacenter: {
    overridable: true,
    advice: "A restored state brings its own nodes, tokens and CA: check whether this is the cluster you mean.",
    check: isSameDatacenter,
  },
  otherCluster: {
    overridable: true,
    advice:
      "Check the address. After a loss of quorum, and for a new cluster from another cluster's archive, this is expected.",
    check: isSameCluster,
  },
  otherVersion: {
    overridable: true,
    advice:
      "Consul supports a restore only to the version that wrote the archive: restore on servers of that version, then upgrade.",
    check: isSameVersion,
  },
  index: { overridable: false, advice: "", check: aboutIndex },
  safetySnapshot: { overridable: false, advice: "", check: aboutSafetySnapshot },
  /** Also judged before each step, and on the connection that sends the archive, just before it is sent. */
  cluster: {
    overridable: false,
    advice:
      "The address leads to more than one cluster: a load balancer, a DNS name or a virtual IP. Use the address of one server.",
    check: isRequestedCluster,
  },
  receipt: { overridable: false, advice: "Look at it. If nothing was restored, choose another run id." },
  noReceipt: { overridable: true, advice: "" },
} as const satisfies Record<string, Rule>;

export type GuardName = keyof typeof GUARDS;

/** The guards that a user can override, each by its name. */
export type Allowance = {
  [Name in GuardName]: (typeof GUARDS)[Name]["overridable"] extends true ? Name : never;
}[GuardName];

const RULES = Object.entries(GUARDS) as [GuardName, Rule][];

/** Where one of these fails, Consul may answer no question about the cluster, and that is no finding of its own. */
const CAUSES: ReadonlySet<GuardName> = new Set<GuardName>(["leader", "permission"]);

export const ALLOWANCES = RULES.filter(([, { overridable }]) => overridable).map(([name]) => name as Allowance);

/** A guard's verdict. */
export interface Guard {
  readonly name: GuardName;
  readonly ok: boolean;
  /** What was found, as one sentence without its full stop. */
  readonly message: string;
  /** Whether a user can override it, by its name. */
  readonly overridable: boolean;
  /** Whether it failed, and the user has overridden it. */
  readonly overridden: boolean;
  /** What to do when it fails, besides overriding it. */
  readonly advice: string;
  /** The error's code where it fails. Default: `RESTORE_REFUSED`. */
  readonly code?: ErrorCode;
}

/** Judges all guards that facts can judge. What is unknown only because of a guard that fails is left out. */
export function evaluateGuards(facts: GuardFacts, allow: readonly Allowance[]): Guard[] {
  const findings = RULES.flatMap(([name, { check }]) => {
    const finding = check?.(facts);
    return finding === undefined ? [] : [{ name, finding }];
  });
  const hasCause = findings.some(({ name, finding }) => CAUSES.has(name) && !finding.ok);
  return findings
    .filter(({ finding }) => !(hasCause && finding.isUnanswered === true))
    .map(({ name, finding }) => verdict(name, finding, allow));
}

/** The verdict of a step about its own guard. */
export function verdict(name: GuardName, finding: Finding, allow: readonly Allowance[] = []): Guard {
  const { overridable, advice } = GUARDS[name] as Rule;
  const overridden = !finding.ok && overridable && allow.some((allowed) => allowed === name);
  const { ok, code } = finding;
  // Programs read a verdict as data, beside the error whose message is cleaned by itself.
  const [message, suggested] = [cleanLine(finding.message), cleanLine(finding.advice ?? advice)];
  return compact({ name, overridable, overridden, ok, message, code, advice: suggested });
}

/** A failure that leaves the cluster unchanged, and says so. */
export class NothingRestored extends SnapshotError {
  /** One sentence without its full stop. */
  readonly why: string;

  /**
   * @param code - `RESTORE_REFUSED`, or what keeps the archive from being restored
   * @param why - as the member of this name
   * @param guards - the guards that refuse it, where guards do
   */
  constructor(
    code: ErrorCode,
    why: string,
    hint: string,
    cause?: unknown,
    readonly guards?: readonly Guard[],
  ) {
    super(code, `nothing was restored: ${why}`, hint, cause, compact({ guards }));
    this.why = cleanLine(why);
  }
}

/**
 * Why nothing is restored: all guards that fail, in one error; nothing where none does.
 *
 * @param vocabulary - of the front end: it says how to override them
 */
export function refusalOf(guards: readonly Guard[], vocabulary: Vocabulary): NothingRestored | undefined {
  const failed = guards.filter(({ ok, overridden }) => !ok && !overridden);
  // Without permission other guards only fail because they could not look.
  const shown = failed.some(({ name }) => name === "permission")
    ? failed.filter(({ name }) => name === "permission")
    : failed;
  const [first] = shown;
  if (first === undefined) return undefined;
  const message = shown.map((guard) => `${guard.message} (guard ${guard.name})`).join("; ");
  const hard = shown.find(({ overridable }) => !overridable);
  const allowed = shown.map(({ name }) => name);
  const hint = hard === undefined ? `${first.advice} ${howToOverride(vocabulary, allowed)}`.trim() : hard.advice;
  return new NothingRestored((hard ?? first).code ?? "RESTORE_REFUSED", message, hint, undefined, shown);
}

function howToOverride(vocabulary: Vocabulary, names: readonly GuardName[]): string {
  const allow = vocabulary.assignment("allow", names);
  return allow === undefined ? "" : `To override: ${allow}.`;
}

/** The refusal of a step, by the guard that it is about. */
export function refused(
  name: GuardName,
  message: string,
  { cause, hint }: { readonly cause?: SnapshotError; readonly hint?: string } = {},
): NothingRestored {
  const advice = hint ?? cause?.hint ?? (GUARDS[name] as Rule).advice;
  const guard = verdict(name, { ok: false, message, advice });
  return new NothingRestored("RESTORE_REFUSED", `${message} (guard ${name})`, advice, cause, [guard]);
}

export function isAllowance(name: unknown): name is Allowance {
  return ALLOWANCES.some((known) => known === name);
}

/** Why a name is none of a guard that can be overridden, in one sentence; nothing where it is one. */
export function allowanceProblem(name: string): string | undefined {
  if (isAllowance(name)) return undefined;
  const near = nearest(name, ALLOWANCES);
  return `"${name}" is not a guard that can be overridden: ${near === undefined ? `these can: ${ALLOWANCES.join(", ")}` : `did you mean ${near}?`}`;
}

/** @throws SnapshotError `RESTORE_REFUSED` once the time to begin is over, by either clock */
export function refuseExpired(facts: TimeFacts): void {
  const finding = expired(facts);
  const refusal = finding && refusalOf([verdict("expired", finding)], facts.vocabulary);
  if (refusal !== undefined) throw refusal;
}
