/** The leader and the health of the cluster before or after a restore, observed over a period of time. */

import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { compact } from "../compact";
import type { ClusterHealth, ConsulClient, HealthRefusal } from "../consul/client";
import { SnapshotError, isCode } from "../errors";

const EVERY_MS = 500;

type Observer = Pick<ConsulClient, "leader" | "health">;

export interface ClusterObservation {
  /** `undefined` if there was no leader. */
  readonly leader?: string;
  /** Whether the leader stayed the same. */
  readonly stable: boolean;
  /** `undefined` if autopilot itself does not know. */
  readonly health?: ClusterHealth | HealthRefusal;
}

/** How long a cluster is observed, in milliseconds. */
export interface ObservationLimits {
  /**
   * The cluster must be stable for this long; three times as long if it was unstable before, because autopilot detects
   * a dead server late.
   */
  readonly stableMs: number;
  /** The stable period must begin within this time: an election or a busy server may take a while. */
  readonly limitMs: number;
}

/**
 * Observes a cluster until it has been stable for long enough, or the limit has passed.
 *
 * @throws SnapshotError `CONSUL_*`, `INTERRUPTED`
 */
export async function observeCluster(
  client: Observer,
  { stableMs, limitMs }: ObservationLimits,
  signal: AbortSignal,
): Promise<ClusterObservation> {
  const deadline = performance.now() + limitMs;
  let neededMs = stableMs;
  let stableSince: number | undefined;
  let leaderBefore: string | undefined;
  for (;;) {
    const observation = await observeOnce(client, leaderBefore);
    const now = performance.now();
    if (instability(observation) === undefined) stableSince ??= now;
    else [stableSince, neededMs] = [undefined, stableMs * 3];
    if (stableSince === undefined ? now > deadline : now - stableSince >= neededMs) return observation;
    leaderBefore = observation.leader;
    await pause(EVERY_MS, signal);
  }
}

/**
 * Observes a cluster once.
 *
 * @param leaderBefore - the leader that must not have changed. Default: any
 * @throws SnapshotError `CONSUL_*`, `INTERRUPTED`
 */
export async function observeOnce(client: Observer, leaderBefore?: string): Promise<ClusterObservation> {
  const leader = await client.leader();
  if (leader === undefined) return { stable: false };
  const health = await client.health();
  return compact({ leader, stable: leaderBefore === undefined || leader === leaderBefore, health });
}

/** Why a cluster is not stable, as a sentence; `undefined` if it is stable, or if the token may not read its health. */
export function instability({ leader, stable, health }: ClusterObservation): string | undefined {
  if (leader === undefined) return "there is no leader";
  if (!stable) return "the leader changed while the cluster was observed: an election is under way";
  if (typeof health === "string") return undefined;
  if (health === undefined) return "autopilot does not know the servers' health yet, or a proxy changes its answer";
  const [first, ...others] = health.servers.filter((server) => server.leader);
  if (first === undefined || others.length > 0)
    return `autopilot reports ${first === undefined ? 0 : others.length + 1} leaders`;
  if (first.address !== leader)
    return `the server that answers reports ${leader} as the leader, and autopilot reports ${first.address}`;
  const unhealthy = health.servers.filter((server) => !server.healthy).map(({ name }) => name);
  if (health.healthy && unhealthy.length === 0) return undefined;
  return `autopilot reports the cluster as unhealthy${unhealthy.length === 0 ? "" : `: ${unhealthy.join(", ")}`}`;
}

/** How a wait for voters ended. If the limit has passed: `"no"` if a server answers, `Silence` if none does. */
export type VotersWait = "yes" | "unchecked" | "no" | Silence;

export interface Silence {
  /** Time since the first unanswered request, in milliseconds. */
  readonly silentMs: number;
}

/**
 * Waits until a cluster has a leader and all live voters have caught up to an index. Without permission to read
 * autopilot's state it waits for the leader only.
 *
 * @param limitMs - how long to wait
 * @returns `"unchecked"` if there is a leader but the token may not read the voters
 * @throws SnapshotError `INTERRUPTED`
 */
export async function waitForVoters(
  client: Observer,
  index: number,
  limitMs: number,
  signal: AbortSignal,
): Promise<VotersWait> {
  const deadline = performance.now() + limitMs;
  let silentSince: number | undefined;
  for (;;) {
    const askedAt = performance.now();
    let isSilent = false;
    try {
      if ((await client.leader()) !== undefined) {
        const health = await client.health();
        if (typeof health === "string") return "unchecked";
        if (haveCaughtUp(health, index)) return "yes";
      }
    } catch (error) {
      // A server that has just lost its leader or is restarting fails in many ways, so retry all other errors.
      if (isCode(error, "INTERRUPTED")) throw error;
      // The restore replaces the ACL tokens, so the cluster may no longer know this one.
      if (isCode(error, "CONSUL_DENIED")) return "unchecked";
      isSilent = isCode(error, "CONSUL_UNREACHABLE", "CONSUL_STALLED");
    }
    silentSince = isSilent ? (silentSince ?? askedAt) : undefined;
    const now = performance.now();
    if (now > deadline) return silentSince === undefined ? "no" : { silentMs: now - silentSince };
    await pause(EVERY_MS, signal);
  }
}

function haveCaughtUp(health: ClusterHealth | undefined, index: number): boolean {
  const voters = health?.servers.filter(({ voter, alive }) => voter && alive) ?? [];
  return voters.length > 0 && voters.every(({ lastIndex }) => lastIndex >= index);
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    throw new SnapshotError("INTERRUPTED", "the restore was interrupted", "Run it again.", error);
  });
}
