/** An agent that leads, with time that passes as fast as its work is done. */

import { Board } from "../../../agent/board";
import type { Clock } from "../../../agent/clock";
import { readConfig } from "../../../agent/config/config";
import { readFlags } from "../../../agent/config/flags";
import { deliver } from "../../../agent/deliver";
import { readLastSaved } from "../../../agent/lastSaved";
import { makeLog } from "../../../agent/log";
import { manifestCachesOf } from "../../../agent/manifestCaches";
import { OwnCluster } from "../../../agent/ownCluster";
import { reporterOn } from "../../../agent/reporting";
import { Saver } from "../../../agent/saver";
import type { Destination } from "../../../agent/config/destinations";
import { compact } from "../../../provider/compact";
import { readWhole } from "../../../provider/archive/readWhole";
import { Spool } from "../../../provider/save/spool";
import type { TakenArchive } from "../../../provider/save/take";
import { archiveOf, metaJson } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";

export interface Simulation {
  readonly board: Board;
  readonly lines: readonly string[];
  /** When snapshots were taken, by the clock. */
  readonly taken: readonly Date[];
  /** How many times every destination had the newest snapshot. */
  readonly completed: () => number;
  /** Lets the agent lead until a time, by a clock that is never set, or until the signal is aborted; returns whether it gave up before. */
  leadUntil(end: string, held?: AbortSignal): Promise<boolean>;
  /** Lets time pass in which another agent leads. */
  skipTo(time: string): void;
  /** A snapshot on demand. */
  trigger(): boolean;
}

export interface SimulationOptions {
  readonly start: string;
  /** What stands under `snapshot_agent`. */
  readonly config: object;
  /** Why no snapshot can be taken at a time. Default: one can. */
  readonly consulFails?: (now: Date) => Error | undefined;
  /** What happens before each delivery; it may throw. */
  readonly beforeDelivery?: (destination: Destination, now: Date) => Promise<void> | void;
  /** Whether the archives of a destination cannot be listed at a time. Default: they can. */
  readonly listingFails?: (destination: Destination, now: Date) => boolean;
  /** How long the archives of a destination take to list. Default: no time. */
  readonly listingMs?: (destination: Destination) => number;
  readonly random?: () => number;
  /** Default: it is unknown which cluster the agent saves. */
  readonly cluster?: OwnCluster;
  /** The clock is set while time passes. */
  readonly clockSet?: { readonly at: string; readonly byMs: number };
  /** Takes a snapshot. Default: a small archive of that time, which no Consul has made. */
  readonly take?: (signal: AbortSignal) => Promise<TakenArchive>;
}

export function simulate(options: SimulationOptions): Simulation {
  const text = JSON.stringify({ snapshot_agent: options.config });
  const config = readConfig([{ file: "agent.json", text }], readFlags([]), { env: {} });
  if (config.schedule === "once") throw new Error("nothing to simulate");
  // The time by a clock that is never set, in milliseconds.
  let time = Date.parse(options.start);
  let endAt = time;
  const set = options.clockSet && { at: Date.parse(options.clockSet.at), byMs: options.clockSet.byMs };
  const now = (): Date => new Date(time + (set !== undefined && time >= set.at ? set.byMs : 0));
  let stop = new AbortController();
  const lines: string[] = [];
  const taken: Date[] = [];
  let completed = 0;
  const log = makeLog(config.log, (line) => lines.push(line), now);
  const board = new Board(config.destinations, now());
  const caches = manifestCachesOf(config.destinations);
  const clock: Clock = {
    now,
    async wait(until, signal) {
      // What is being written is done before time goes on.
      await saver.settled();
      if (signal.aborted || stop.signal.aborted) return;
      // If the clock is set back meanwhile, the wait does not become longer.
      const end = Math.min(endAt, time + until.getTime() - now().getTime());
      const isSet = set !== undefined && time < set.at && set.at <= end;
      time = isSet ? Math.max(set.at, Math.min(end, until.getTime() - set.byMs)) : end;
      if (time >= endAt) stop.abort();
    },
  };
  const saver = new Saver({
    destinations: config.destinations,
    schedule: config.schedule,
    jitterMs: config.jitterMs,
    maxFailures: config.maxFailures,
    clock,
    log,
    board,
    random: options.random ?? (() => 0),
    async take(signal) {
      const failure = options.consulFails?.(now());
      if (failure !== undefined) throw failure;
      taken.push(now());
      return options.take === undefined ? archiveAt(now(), taken.length) : options.take(signal);
    },
    async deliver(archive, destination, signal) {
      await options.beforeDelivery?.(destination, now());
      const cache = compact({ cache: caches.get(destination) });
      return deliver(
        archive,
        destination,
        { consistency: "consistent", isOnly: true, ...cache, now },
        reporterOn(log, signal),
      );
    },
    lastSaved: async (destination, signal) => {
      if (options.listingFails?.(destination, now()) === true) return "unknown";
      const cache = compact({ cache: caches.get(destination) });
      const last = await readLastSaved(destination, {
        ...cache,
        cluster: options.cluster ?? new OwnCluster(),
        now: now(),
        signal,
      });
      time += options.listingMs?.(destination) ?? 0;
      return last;
    },
    complete: () => completed++,
  });
  return {
    board,
    lines,
    taken,
    completed: () => completed,
    trigger: () => saver.trigger(),
    skipTo: (later) => {
      time = Date.parse(later);
    },
    async leadUntil(end, held = new AbortController().signal) {
      endAt = Date.parse(end);
      stop = new AbortController();
      return saver.run(held, stop.signal);
    },
  };
}

async function archiveAt(time: Date, count: number): Promise<TakenArchive> {
  const state = stateOf([keyValue("app/a", String(count))]);
  // It grows from one agent to the next.
  const Index = 1000 + Math.floor((time.getTime() - Date.UTC(2026, 0)) / 60_000);
  const changes = { ID: `2-${Index}-${time.getTime()}`, Index };
  const archive = archiveOf(state, metaJson(state.length, changes));
  const spool = await Spool.open();
  await spool.write(once(archive));
  const report = await readWhole(once(archive));
  const { meta } = report;
  const about = { datacenter: "dc1", consulVersion: "1.13.9" };
  const nanoseconds = `${time.getTime()}${String(count).padStart(6, "0")}`;
  return {
    nanoseconds,
    stream: () => ({ meta, about, nanoseconds, bytes: spool.read(), report: Promise.resolve(report) }),
    close: () => spool.close(),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
