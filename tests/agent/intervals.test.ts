import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { ManualClock } from "../support/agent/manualClock";
import {
  type SimulatedDaemon,
  startSimulatedDaemon,
  timedConsul,
  type TimedConsul,
} from "../support/agent/simulatedDaemon";
import { type ConsulServer, eventually, startConsul } from "../support/consul/consul";
import { effort } from "../support/effort";
import type { AgentLine } from "../support/faults/agentLine";
import { temporaryFolder } from "../support/programs/saving";

const START = new Date("2026-11-23T00:00:00.000Z");
const HOUR_MS = 3_600_000;
/** How long it takes to notice that Consul does not answer. */
const TTL_MS = 5_000;
const KEY = "intervals/lock";

type Fault = "killed" | "cut off" | "session ended" | "ended";
const FAULTS: readonly Fault[] = ["killed", "cut off", "session ended", "ended"];

interface Contender {
  readonly name: string;
  readonly line: AgentLine;
  agent: SimulatedDaemon;
}

/**
 * The leader changes in each hour, by the clock of the test, before or after it has saved. That no two save at once is tested with
 * the times of the lock: here it changes hands at once.
 */
describe("three agents with an interval of an hour", function () {
  const hours = effort.choose(6, 100);
  this.timeout(hours * 30_000);
  let consul: ConsulServer;
  let timed: TimedConsul;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const clock = new ManualClock(START);
  const contenders: Contender[] = [];
  before(async () => {
    [consul, folder] = await Promise.all([startConsul({ config: { session_ttl_min: "1s" } }), temporaryFolder()]);
    timed = await timedConsul(consul, clock);
  });
  after(async () => {
    await Promise.all(contenders.map(({ agent }) => agent.stop()));
    await Promise.all(contenders.map(({ line }) => line.stop()));
    await timed.stop();
    await Promise.all([consul.stop(), folder.remove()]);
  });

  /** The hours of the archives. */
  async function savedHours(): Promise<number[]> {
    const names = (await readdir(folder.path)).filter((name) => name.endsWith(".snap")).sort();
    return names.map((name) => (Number(/-(\d{13})/.exec(name)?.[1]) - START.getTime()) / HOUR_MS);
  }

  const startAgent = (line: AgentLine): Promise<SimulatedDaemon> => {
    const config = {
      http_addr: line.address,
      snapshot: { interval: "1h", lock_key: KEY, max_failures: 0, retain: 0 },
      backup_destinations: { local_storage: [{ name: "folder", path: folder.path }] },
    };
    return startSimulatedDaemon(JSON.stringify({ snapshot_agent: config }), clock, { ttlMs: TTL_MS });
  };

  async function addContender(name: string): Promise<void> {
    const line = await timed.line(name);
    contenders.push({ name, line, agent: await startAgent(line) });
  }

  async function leader(): Promise<Contender> {
    await eventually("a leader", () => Promise.resolve(contenders.some(({ agent }) => agent.isLeading())));
    return contenders.find(({ agent }) => agent.isLeading()) ?? leader();
  }

  /** Holds the next request for a snapshot of any of them, and resolves with the one whose it is. */
  async function holdNext(): Promise<Contender> {
    const holder = await new Promise<Contender>((resolve) => {
      for (const each of contenders) each.line.holdNext(() => resolve(each));
    });
    for (const { line } of contenders) line.holdNone();
    return holder;
  }

  /** As Consul does when a session is not renewed, only at once. */
  async function endSession(): Promise<void> {
    const [pair] = (await consul.api(`/v1/kv/${KEY}`)) as { Session?: string }[];
    if (pair?.Session !== undefined) await consul.api(`/v1/session/destroy/${pair.Session}`, { method: "PUT" });
  }

  /** Resolves when it no longer leads. */
  async function strike(struck: Contender, fault: Fault): Promise<void> {
    if (fault === "killed" || fault === "ended") {
      // Nothing of a killed one arrives any more, not even the release of its lock.
      if (fault === "killed") {
        struck.line.cut("reset");
        await endSession();
      }
      await struck.agent.stop();
      struck.line.mend();
      struck.agent = await startAgent(struck.line);
      return;
    }
    const from = struck.agent.lines.length;
    if (fault === "cut off") struck.line.cut("silent");
    await endSession();
    await struck.agent.line(/Waiting to obtain leadership/, from);
    if (fault === "cut off") struck.line.mend();
  }

  it(`have exactly one snapshot in each of ${hours} hours, whatever happens to their leaders`, async () => {
    for (const name of ["a", "b", "c"]) await addContender(name);
    const expected = Array.from({ length: hours }, (_, hour) => hour);
    for (const hour of expected) {
      const fault = FAULTS[hour % FAULTS.length]!;
      // The first one saves as soon as it leads.
      const isDuring = hour > 0 && Math.floor(hour / FAULTS.length) % 2 === hour % 2;
      await leader();
      const held = isDuring ? holdNext() : undefined;
      clock.passTo(hour);
      const saved = (): Promise<boolean> =>
        eventually(`the snapshot of hour ${hour}`, async () => (await savedHours()).length === hour + 1);
      if (held === undefined) await saved();
      const struck = held === undefined ? await leader() : await held;
      await strike(struck, fault);
      await saved();
    }
    // The last change of leadership leads to no other one.
    await leader();
    expect(await savedHours()).to.deep.equal(expected);
  });
});
