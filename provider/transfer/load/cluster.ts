/** The cluster whose state is to be replaced, or was: who leads it, how its servers are, what it holds. */

import { setTimeout as delay } from "node:timers/promises";
import { ArchiveReader, type ArchiveReport, type SeenRecord } from "../../archive/reader";
import type { ClusterHealth, ConsulClient } from "../../consul/client";
import { SnapshotError } from "../../errors";

const EVERY_MS = 500;

/** Whom to ask who leads, and how the servers are. */
type Observer = Pick<ConsulClient, "leader" | "health">;

/** How a cluster was over a while. */
export interface Sight {
  /** Nothing: there was no leader. */
  readonly leader?: string;
  /** Whether the same one led all the while. */
  readonly stable: boolean;
  /** `"denied"`: the token may not ask; nothing: autopilot itself does not know. */
  readonly health?: ClusterHealth | "denied";
}

/** For how long a cluster is watched, in milliseconds. */
export interface Watching {
  /** It must be at rest for so long; after unrest three times as long, for autopilot learns of a dead server late. */
  readonly restMs: number;
  /** An election, or a server that was busy for a moment, is waited for so long; the rest after it may take longer. */
  readonly limitMs: number;
}

/**
 * Watches a cluster until it has been at rest for a while, or is not when the limit is over.
 *
 * @throws SnapshotError `CONSUL_*`, `INTERRUPTED`
 */
export async function watchCluster(
  client: Observer,
  { restMs, limitMs }: Watching,
  signal: AbortSignal,
): Promise<Sight> {
  const deadline = Date.now() + limitMs;
  let neededMs = restMs;
  let restingSince: number | undefined;
  let before: string | undefined;
  for (;;) {
    const sight = await glance(client, before);
    const now = Date.now();
    if (unrest(sight) === undefined) restingSince ??= now;
    else [restingSince, neededMs] = [undefined, restMs * 3];
    if (restingSince === undefined ? now > deadline : now - restingSince >= neededMs) return sight;
    before = sight.leader;
    await pause(EVERY_MS, signal);
  }
}

async function glance(client: Observer, before: string | undefined): Promise<Sight> {
  const leader = await client.leader();
  if (leader === undefined) return { stable: false };
  const health = await client.health();
  return { leader, stable: before === undefined || leader === before, ...(health === undefined ? {} : { health }) };
}

/** What keeps a cluster from being called at rest, as a sentence; nothing where all is well, or may not be known. */
export function unrest({ leader, stable, health }: Sight): string | undefined {
  if (leader === undefined) return "there is no leader";
  if (!stable) return "the leader changed while it was watched: an election is under way";
  if (health === "denied") return undefined;
  if (health === undefined) return "autopilot does not know yet how the servers are";
  const [first, ...others] = health.servers.filter((server) => server.leader);
  if (first === undefined || others.length > 0)
    return `autopilot knows ${first === undefined ? 0 : others.length + 1} leaders`;
  if (first.address !== leader)
    return `the server that was asked says that ${leader} leads, and autopilot says ${first.address}`;
  const ill = health.servers.filter((server) => !server.healthy).map(({ name }) => name);
  if (health.healthy && ill.length === 0) return undefined;
  return `autopilot calls the cluster unhealthy${ill.length === 0 ? "" : `: ${ill.join(", ")}`}`;
}

/**
 * Waits until a cluster has a leader and those of its voters that are alive have written up to an index. Who may not ask
 * autopilot waits for the leader only.
 *
 * @param limitMs - how long
 * @returns whether it came to that; `"unchecked"` where there is a leader, and the voters may not be asked about
 * @throws SnapshotError `INTERRUPTED`
 */
export async function untilCaughtUp(
  client: Observer,
  index: number,
  limitMs: number,
  signal: AbortSignal,
): Promise<"yes" | "unchecked" | "no"> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      if ((await client.leader()) !== undefined) {
        const health = await client.health();
        if (health === "denied") return "unchecked";
        if (haveCaughtUp(health, index)) return "yes";
      }
    } catch (error) {
      // A server that has just lost its leader, or dies and starts again, fails in many ways.
      if (error instanceof SnapshotError && error.code === "INTERRUPTED") throw error;
    }
    if (Date.now() > deadline) return "no";
    await pause(EVERY_MS, signal);
  }
}

function haveCaughtUp(health: ClusterHealth | undefined, index: number): boolean {
  const voters = health?.servers.filter(({ voter, alive }) => voter && alive) ?? [];
  return voters.length > 0 && voters.every(({ lastIndex }) => lastIndex >= index);
}

/**
 * Reads all that a cluster holds, and keeps nothing of it.
 *
 * @param see - given each record
 * @throws SnapshotError `CONSUL_*`, `ARCHIVE_*`, `INTERRUPTED`
 */
export async function readCluster(client: ConsulClient, see?: (record: SeenRecord) => void): Promise<ArchiveReport> {
  const reader = new ArchiveReader(see === undefined ? {} : { see });
  try {
    const { body } = await client.snapshot({ consistency: "consistent" });
    for await (const chunk of body) await reader.write(chunk);
    return await reader.end();
  } finally {
    reader.destroy();
  }
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    throw new SnapshotError("INTERRUPTED", "the restore was interrupted", "Run it again.", error);
  });
}
