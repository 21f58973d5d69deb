/** The agent as a service: it registers in Consul, takes part in the election of a leader, and saves while it leads. */

import { compact } from "../provider/compact";
import { SnapshotError, explain, explainInOneLine, isCode } from "../provider/errors";
import { identityOfServers } from "../provider/consul/clusterIdentity";
import { type LockTimes, withLock } from "../provider/consul/lock";
import { take } from "../provider/save/take";
import { Access } from "./access";
import type { Board } from "./board";
import type { Clock } from "./clock";
import { collectDuring } from "./collection";
import type { AgentConfig, Destination, HttpConfig } from "./config/config";
import { deliver, type Manner } from "./deliver";
import { pauseAfterGivingUp } from "./givenUp";
import { sendHeartbeat } from "./heartbeat";
import type { EndpointOptions } from "./http/server";
import { judgeHealth } from "./http/health";
import { lacksFolder, readLastSaved, readNewest } from "./lastSaved";
import type { Log } from "./log";
import { checkDatacenter } from "./localDatacenter";
import { type ManifestCaches, manifestCachesOf } from "./manifestCaches";
import { OwnCluster } from "./ownCluster";
import { Presence } from "./presence";
import { reporterOn } from "./reporting";
import { Saver } from "./saver";
import { longestSilence, type Schedule } from "./schedule";
import { cleanLine, type CleanText, composed, remark } from "../provider/text";

const FAILED_MS = 10_000;
/** How long saves may take to end on their own; after that they are aborted, which takes some more seconds. */
const GRACE_MS = 3_000;

export interface DaemonOptions {
  readonly config: AgentConfig;
  readonly schedule: Schedule;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly clock: Clock;
  readonly board: Board;
  /** Aborted when the agent must end. */
  readonly stop: AbortSignal;
  /** Whether running saves get only a few seconds. Called when `stop` is aborted. */
  readonly isUrgent: () => boolean;
  /** Called once the configuration can be served, with the function that takes a snapshot on demand. */
  readonly onReady: (trigger: () => boolean) => void;
  /** Default: those of the Go client. */
  readonly lockTimes?: LockTimes;
}

/**
 * Runs until `stop` is aborted.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`, before `onReady`, if another datacenter is requested or an address is in use
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { config, env, log } = options;
  const access = new Access(config, env, log);
  // Saves have a login of their own: a new one must not end the token of the session that holds the lock.
  const savingAccess = new Access(config, env, log);
  try {
    await serveAndLead(options, access, savingAccess);
  } finally {
    await Promise.all([access.end(), savingAccess.end()]);
  }
}

async function serveAndLead(options: DaemonOptions, access: Access, savingAccess: Access): Promise<void> {
  const { config, log, clock, stop } = options;
  const silences = longestSilences(options);
  // The destination with the shortest interval shows that saves go on; a failing destination makes the check critical at once.
  const presence = new Presence(
    config,
    [...silences.values()].reduce((least, each) => Math.min(least, each)),
    access,
    log,
  );
  const caches = manifestCachesOf(config.destinations);
  const cluster = new OwnCluster();
  const saver = makeSaver(options, caches, cluster, savingAccess, presence);
  // Aborts work that is still running some time after `stop`.
  const kill = new AbortController();
  const onStop = (): void => {
    if (options.isUrgent()) setTimeout(() => kill.abort(stop.reason), GRACE_MS).unref();
  };
  const inDatacenter = async (): Promise<void> => {
    if (config.connection.datacenter === undefined) return;
    await checkDatacenter(await access.connection(stop), stop, (message) => log.debug(message));
  };
  await inDatacenter().catch((error: unknown) => {
    if (isCode(error, "ARGUMENT_INVALID")) throw error;
    if (stop.aborted) return;
    // The agent retries until it can compete for leadership.
    log.warn(composed`the local datacenter is not known yet: ${explain(error)}`);
  });
  const hasEnded = (): boolean => stop.aborted;
  if (hasEnded()) return;
  const snapshot = (): boolean => saver.trigger();
  const endpoints =
    config.http && (await serve(endpointsOf(options, config.http, silences, caches, cluster, snapshot)));
  if (endpoints !== undefined) log.info(remark`Serving HTTP`, { address: endpoints.address });
  stop.addEventListener("abort", onStop);
  if (stop.aborted) onStop();
  options.onReady(snapshot);
  const keeping = presence.keep(stop);
  log.info(remark`Snapshot agent running`);
  try {
    let givenUp = 0;
    while (!stop.aborted) {
      const ended = await lead(options, access, presence, saver, kill.signal);
      givenUp = ended === "gave up" ? givenUp + 1 : 0;
      const pauseMs = ended === "failed" ? FAILED_MS : givenUp === 0 ? 0 : pauseOf(options, givenUp);
      if (pauseMs > 0) await clock.wait(new Date(clock.now().getTime() + pauseMs), stop);
    }
  } finally {
    stop.removeEventListener("abort", onStop);
    await keeping;
    await presence.leave();
    await endpoints?.close();
  }
}

/** How long each destination may go without a snapshot, in milliseconds. */
function longestSilences({ config, schedule, clock }: DaemonOptions): ReadonlyMap<Destination, number> {
  const now = clock.now();
  const usual = longestSilence(schedule, config.jitterMs, now);
  const silenceOf = (own?: Schedule): number => (own === undefined ? usual : longestSilence(own, config.jitterMs, now));
  return new Map(config.destinations.map((destination) => [destination, silenceOf(destination.schedule)]));
}

/** Loads the server only on demand, to save memory in agents without endpoints. */
async function serve(options: EndpointOptions): Promise<{ address: string; close: () => Promise<void> }> {
  const { serveEndpoints } = await import("./http/server.js");
  return serveEndpoints(options);
}

function endpointsOf(
  { board, clock, stop }: DaemonOptions,
  { address, maxAgeMs }: HttpConfig,
  silences: ReadonlyMap<Destination, number>,
  caches: ManifestCaches,
  cluster: OwnCluster,
  snapshot: () => boolean,
): EndpointOptions {
  const now = (): Date => clock.now();
  return {
    address,
    board,
    now,
    snapshot,
    health: async () => {
      const found = await Promise.all(
        [...silences].map(async ([destination, silenceMs]) => {
          const status = board.of(destination.name);
          const own = { name: destination.name, maxAgeMs: maxAgeMs ?? silenceMs };
          // The leader's schedule is unknown to a standby agent.
          const next = (): { nextStart?: Date } =>
            compact({ nextStart: board.isLeader ? status.nextStart : undefined });
          try {
            const cache = compact({ cache: caches.get(destination) });
            const newest = await readNewest(destination, { ...cache, cluster, now: now(), signal: stop });
            if (newest.restorableAt !== undefined) board.found(destination.name, newest.restorableAt);
            return { ...own, ...next(), ...newest };
          } catch (error) {
            // If it has existed, its disk may not be mounted.
            if (status.lastSuccess === undefined && (await lacksFolder(destination))) return { ...own, ...next() };
            return { ...own, problem: explainInOneLine(error) };
          }
        }),
      );
      return judgeHealth(found, now());
    },
  };
}

function pauseOf({ board, clock }: DaemonOptions, times: number): number {
  const nextStarts = board.destinations.flatMap(({ nextStart }) => nextStart ?? []);
  return pauseAfterGivingUp(times, nextStarts, clock.now());
}

/** @returns `failed`: leadership could not be obtained */
async function lead(
  { config, log, clock, board, stop, lockTimes }: DaemonOptions,
  access: Access,
  presence: Presence,
  saver: Saver,
  kill: AbortSignal,
): Promise<"ended" | "gave up" | "failed"> {
  log.info(remark`Waiting to obtain leadership...`);
  const ending = new AbortController();
  const state = { isLeading: false };
  const onStop = (): void => {
    if (!state.isLeading) ending.abort(stop.reason);
  };
  const onKill = (): void => ending.abort(kill.reason);
  stop.addEventListener("abort", onStop);
  kill.addEventListener("abort", onKill);
  if (stop.aborted) onStop();
  try {
    const connection = await access.connection(ending.signal);
    const waits = (): void => board.setStandby(clock.now());
    const lock = compact({
      key: config.lockKey,
      signal: ending.signal,
      notice: (message: CleanText) => log.debug(message),
      waits,
      times: lockTimes,
    });
    const gaveUp = await withLock(connection, lock, async (held) => {
      state.isLeading = true;
      board.setLeader(true, clock.now());
      await presence.leads();
      log.info(remark`Obtained leadership`);
      const result = await saver.run(held, stop);
      if (held.aborted && !kill.aborted) log.warn(reasonOf(held));
      return result;
    });
    return gaveUp === true ? "gave up" : "ended";
  } catch (error) {
    if (stop.aborted) return "ended";
    await access.reconsider(error);
    log.error(composed`leadership cannot be obtained: ${explain(error)}`);
    return "failed";
  } finally {
    stop.removeEventListener("abort", onStop);
    kill.removeEventListener("abort", onKill);
    if (state.isLeading) {
      board.setLeader(false, clock.now());
      await presence.follows();
    }
  }
}

function makeSaver(
  { config, schedule, log, clock, board, stop }: DaemonOptions,
  caches: ManifestCaches,
  cluster: OwnCluster,
  access: Access,
  presence: Presence,
): Saver {
  const consistency = config.stale ? "stale" : "consistent";
  return new Saver({
    destinations: config.destinations,
    schedule,
    jitterMs: config.jitterMs,
    maxFailures: config.maxFailures,
    clock,
    log,
    board,
    random: Math.random,
    begin: (signal) =>
      cluster.identify(
        () => access.connection(signal),
        signal,
        (message) => log.debug(message),
      ),
    take: async (signal) => {
      try {
        const connection = await access.connection(signal);
        const request = compact({ connection, consistency, scratchFolder: config.scratchFolder });
        const archive = await collectDuring(() => take(request, reporterOn(log, signal)));
        cluster.learn(identityOfServers(archive.stream().meta.servers));
        return archive;
      } catch (error) {
        await access.reconsider(error);
        void presence.saving("critical", explain(error));
        throw error;
      }
    },
    deliver: async (archive, destination, signal) => {
      try {
        const reporter = reporterOn(log, signal, destination.name);
        // The leader holds the lock, and only it saves.
        const cache = compact({ cache: caches.get(destination) });
        const manner: Manner = { consistency, isOnly: true, ...cache, now: () => clock.now() };
        return await collectDuring(() => deliver(archive, destination, manner, reporter));
      } catch (error) {
        void presence.saving("critical", composed`${cleanLine(destination.name)}: ${explain(error)}`);
        throw error;
      }
    },
    lastSaved: async (destination, signal) => {
      try {
        const cache = compact({ cache: caches.get(destination) });
        return await readLastSaved(destination, { ...cache, cluster, now: clock.now(), signal });
      } catch (error) {
        if (signal.aborted) throw error;
        log.warn(composed`the stored archives cannot be listed: ${explain(error)}`, { destination: destination.name });
        return "unknown";
      }
    },
    complete: () => {
      void presence.saving("passing", remark`every destination has the newest snapshot`);
      if (config.heartbeatUrl !== undefined) void sendHeartbeat(config.heartbeatUrl, log, stop);
    },
  });
}

function reasonOf({ reason }: AbortSignal): CleanText {
  return reason instanceof SnapshotError ? reason.message : remark`leadership ends`;
}
