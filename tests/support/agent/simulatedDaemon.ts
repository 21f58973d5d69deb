/**
 * The agent as a service whose clock the test sets, at a real Consul. Only the snapshots are not Consul's: they have the times of
 * that clock.
 */

import { Agent, fetch } from "undici";
import { Board } from "../../../agent/board";
import { readConfig } from "../../../agent/config/config";
import { readFlags } from "../../../agent/config/flags";
import { runDaemon } from "../../../agent/daemon";
import { makeLog } from "../../../agent/log";
import { archiveOf, metaJson } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import type { ConsulServer } from "../consul/consul";
import { type AgentLine, isSnapshot, SaveWatch, startAgentLine } from "../faults/agentLine";
import { consulProxy } from "../faults/consulProxy";
import type { Listening } from "../faults/listening";
import { lyingConsul } from "../faults/lyingConsul";
import type { ManualClock } from "./manualClock";

/** Those of the command are 15 s, 15 s and 5 s. A busy machine may not renew a session with a short TTL in time. */
const TTL_MS = 15_000;
const LOCK_TIMES = { delayMs: 100, retryMs: 100 };

/** A Consul with snapshots of simulated time, for a Consul with `session_ttl_min` of a second. */
export interface TimedConsul extends Listening {
  /** Another line to it, which can be cut. */
  line(name: string): Promise<AgentLine>;
}

export async function timedConsul(consul: ConsulServer, clock: ManualClock): Promise<TimedConsul> {
  let count = 0;
  const raft = (await consul.api("/v1/operator/raft/configuration")) as { Servers: { ID: string; Address: string }[] };
  const Servers = raft.Servers.map(({ ID, Address }) => ({ Suffrage: 0, ID, Address }));
  const snapshots = await lyingConsul((response, headers) => {
    const state = stateOf([keyValue("app/a", String(++count))]);
    const Index = 1000 + count;
    response
      .writeHead(200, headers)
      .end(
        archiveOf(
          state,
          metaJson(state.length, { ID: `2-${Index}-${clock.now().getTime()}`, Index, Configuration: { Servers } }),
        ),
      );
  });
  const front = await consulProxy(({ method = "", url = "" }) =>
    isSnapshot(method, url) ? snapshots.address : consul.address,
  );
  const watch = new SaveWatch();
  return {
    address: front.address,
    port: front.port,
    line: (name) => startAgentLine(name, front.port, isSnapshot, watch),
    async stop() {
      await Promise.all([front.stop(), snapshots.stop()]);
    },
  };
}

export interface SimulatedDaemon {
  readonly lines: readonly string[];
  /** Resolves with the first line that fits, from `from` on. */
  line(pattern: RegExp, from?: number): Promise<string>;
  /** What an endpoint answers. */
  get(path: string): Promise<{ readonly status: number; readonly text: string }>;
  isLeading(): boolean;
  /** As SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
}

interface SimulationOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly socketPath?: string;
  readonly ttlMs?: number;
}

/**
 * @param text - of the configuration file
 * @param socketPath - where its endpoints are served. Default: they are not
 * @param ttlMs - how long it takes to lose its leadership when it does not reach Consul. Default: 15,000
 */
export async function startSimulatedDaemon(
  text: string,
  clock: ManualClock,
  { env = {}, socketPath = "", ttlMs = TTL_MS }: SimulationOptions = {},
): Promise<SimulatedDaemon> {
  const files = [{ file: "agent.json", text }];
  const own = JSON.stringify({ snapshot_agent: { http: { address: `unix://${socketPath}` } } });
  if (socketPath !== "") files.push({ file: "http.json", text: own });
  const read = readConfig(files, readFlags([]), { env });
  const { schedule } = read;
  if (schedule === "once") throw new Error("this agent would not be elected");
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const now = (): Date => clock.now();
  const log = makeLog(
    read.log,
    (line) => {
      lines.push(line);
      for (const look of [...waiting]) look();
    },
    now,
  );
  const stop = new AbortController();
  const board = new Board(read.destinations, now());
  const ended = runDaemon({
    config: read,
    schedule,
    env,
    log,
    clock,
    board,
    stop: stop.signal,
    isUrgent: () => true,
    onReady: () => undefined,
    lockTimes: { ...LOCK_TIMES, ttlMs },
  });
  const dispatcher = new Agent({ connect: { socketPath } });
  const run: SimulatedDaemon = {
    lines,
    line: (pattern, from = 0) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.slice(from).find((line) => pattern.test(line));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async get(path) {
      const response = await fetch(`http://agent${path}`, { dispatcher });
      return { status: response.status, text: await response.text() };
    },
    isLeading: () => board.isLeader,
    async stop() {
      stop.abort("SIGTERM");
      await ended;
      await dispatcher.close();
    },
  };
  await run.line(/Snapshot agent running/);
  return run;
}
