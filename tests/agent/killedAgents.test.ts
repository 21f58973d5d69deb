import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { readWhole } from "../../provider/archive/readWhole";
import { openStore } from "../../provider/store/backends";
import { parseLocation } from "../../provider/store/location";
import { ManualClock } from "../support/agent/manualClock";
import { startSimulatedDaemon } from "../support/agent/simulatedDaemon";
import { type ConsulServer, fill, startConsul } from "../support/consul/consul";
import { effort } from "../support/effort";
import { compiledProgram } from "../support/programs/compiled";
import { temporaryFolder } from "../support/programs/saving";
import { versitygw } from "../support/stores/s3";
import type { StoreServer } from "../support/stores/stores";
import { configFile } from "./running";

/** Those of the command are 15 s, 15 s and 5 s. */
const TIMES = { ttlMs: 3_000, delayMs: 100, retryMs: 100 };
const AT_ONCE = 2;
const DESTINATIONS = ["folder", "bucket"];
const aws = { accessKeyId: "KEY12345", secretAccessKey: "SECRET12345" };

/** A process that ends by SIGKILL as soon as it has announced so many steps: each is a line of its log. */
describe("an agent that is killed with SIGKILL at each step that it announces", function () {
  this.timeout(300_000);
  let consul: ConsulServer;
  let s3: StoreServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const children = new Set<ChildProcess>();
  before(async () => {
    consul = await startConsul({ config: { session_ttl_min: "1s" } });
    [s3, folder] = await Promise.all([versitygw.start(), temporaryFolder(), fill(consul)]);
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all([consul.stop(), s3.stop(), folder.remove()]);
  });

  const agentOf = (name: string): object => ({
    http_addr: consul.address,
    log: { level: "TRACE" },
    snapshot: { interval: "1h", lock_key: `${name}/lock`, service: name, retain: 2 },
    backup_destinations: {
      local_storage: [{ name: "folder", path: join(folder.path, name) }],
      aws_storage: [
        {
          name: "bucket",
          access_key_id: aws.accessKeyId,
          secret_access_key: aws.secretAccessKey,
          s3_bucket: "bucket",
          s3_region: "us-east-1",
          s3_endpoint: `http://127.0.0.1:${s3.port}`,
          s3_force_path_style: true,
          s3_key_prefix: name,
        },
      ],
    },
  });

  /** Runs one until it has written a line that `isLast` accepts, kills it, and returns what it had announced by then. */
  async function runAndKill(name: string, isLast: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
    const file = await configFile(folder.path, agentOf(name), `${name}.json`);
    const child = spawn(process.execPath, [compiledProgram("electedAgent"), file, JSON.stringify(TIMES)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.add(child);
    const ended = once(child, "exit");
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (isLast(lines)) child.kill("SIGKILL");
    }
    expect(await ended).to.deep.equal([null, "SIGKILL"]);
    children.delete(child);
    return lines;
  }

  /** The archives at both destinations, each of which is valid and has its manifest. */
  async function archives(name: string): Promise<readonly (readonly string[])[]> {
    const found: string[][] = [];
    for (const url of [`${join(folder.path, name)}/`, s3.url(`${name}/`)]) {
      const location = parseLocation(url);
      const store = await openStore(location, { credentials: { aws } });
      const base = location.key.replace(/[^/]*$/, "");
      const keys: string[] = [];
      try {
        for await (const { key } of store.list(base)) keys.push(key);
      } catch {
        // A folder does not exist before the first archive.
      }
      const snapshots = keys.filter((key) => /\/consul-\d{19}\.snap$/.test(key)).sort();
      for (const key of snapshots) {
        await readWhole(store.read(key));
        expect(keys).to.include(`${key}.manifest.json`);
      }
      store.close();
      found.push(snapshots.map((key) => key.slice(base.length)));
    }
    return found;
  }

  const savedTo = (destination: string): RegExp => new RegExp(`Saved snapshot: id=\\d{19} destination=${destination}$`);
  const isSaved = (lines: readonly string[], destination: string): boolean =>
    lines.some((line) => savedTo(destination).test(line));
  const isComplete = (lines: readonly string[]): boolean => DESTINATIONS.every((each) => isSaved(lines, each));

  async function killAtStep(step: number): Promise<void> {
    const name = `step-${step}`;
    const announced = await runAndKill(name, (lines) => lines.length === step || isComplete(lines));
    const left = await archives(name);
    for (const [at, destination] of DESTINATIONS.entries()) {
      // What was announced as saved is there.
      if (isSaved(announced.slice(0, step), destination)) expect(left[at]).to.have.lengthOf(1);
      expect(left[at]!.length).to.be.at.most(1);
    }
    const text = JSON.stringify({ snapshot_agent: agentOf(name) });
    const clock = new ManualClock(new Date());
    const next = await startSimulatedDaemon(text, clock);
    try {
      await next.line(/Obtained leadership/);
      const lacking = DESTINATIONS.filter((_, at) => left[at]!.length === 0);
      await Promise.all(lacking.map((each) => next.line(savedTo(each))));
      const from = next.lines.length;
      clock.passTo(1.01);
      await Promise.all(DESTINATIONS.map((each) => next.line(savedTo(each), from)));
      expect(next.lines.filter((line) => /\[(WARN|ERROR)\]/.test(line))).to.deep.equal([]);
    } finally {
      await next.stop();
    }
    // That of the killed one or the one in its place, and that of the next hour.
    const [inFolder = [], inBucket = []] = await archives(name);
    expect([inFolder.length, inBucket.length], `${name}: ${announced.at(-1)}`).to.deep.equal([2, 2]);
  }

  it("leaves only valid archives, and the next one saves to each destination", async () => {
    const steps = (await runAndKill("whole", isComplete)).length;
    expect(steps).to.be.at.least(8);
    expect(await archives("whole").then((found) => found.map(({ length }) => length))).to.deep.equal([1, 1]);
    const every = effort.choose(3, 1);
    const all = Array.from({ length: Math.ceil(steps / every) }, (_, at) => at * every + 1);
    const take = async (): Promise<void> => {
      for (let step = all.shift(); step !== undefined; step = all.shift()) await killAtStep(step);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, take));
  });
});
