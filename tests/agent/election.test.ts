import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { readWhole } from "../../provider/archive/readWhole";
import { openStore } from "../../provider/store/backends";
import { parseLocation } from "../../provider/store/location";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { effort } from "../support/effort";
import { type AgentLine, isSnapshot, isUpload, SaveWatch, startAgentLine } from "../support/faults/agentLine";
import { compiledProgram } from "../support/programs/compiled";
import { temporaryFolder } from "../support/programs/saving";
import { versitygw } from "../support/stores/s3";
import type { StoreServer } from "../support/stores/stores";
import { configFile } from "./running";

/** Those of the command are 15 s, 15 s and 5 s. */
const TIMES = { ttlMs: 2_000, delayMs: 3_000, retryMs: 200 };
const INTERVAL_MS = 1_000;
const KEY = "elected/lock";

type Fault = "killed" | "cut off" | "session ended" | "ended";
const FAULTS: readonly Fault[] = ["killed", "cut off", "session ended", "ended"];

/** One of the agents, as a process with lines of its own to Consul and to the bucket. */
interface Contender {
  readonly name: string;
  readonly isOurs: boolean;
  readonly consul: AgentLine;
  readonly bucket: AgentLine;
  readonly start: () => ChildProcess;
  child: ChildProcess | undefined;
  /** How many times it has led. */
  terms: number;
  /** The archives that it has saved to the folder. */
  readonly saved: { readonly id: string; readonly term: number }[];
  /** What it has written, for the message of a failure. */
  readonly log: string[];
}

describe("three agents and a program with the lock of Consul's Go client", function () {
  const wanted = effort.choose(6, 100);
  this.timeout(wanted * 30_000);
  let consul: ConsulServer;
  let s3: StoreServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const contenders: Contender[] = [];
  const watch = new SaveWatch();
  before(async () => {
    consul = await startConsul({ config: { session_ttl_min: "1s" } });
    [s3, folder] = await Promise.all([versitygw.start(), temporaryFolder()]);
    await mkdir(join(folder.path, "archives"));
  });
  after(async () => {
    for (const { child } of contenders) child?.kill("SIGKILL");
    await Promise.all(contenders.flatMap((each) => [each.consul.stop(), each.bucket.stop()]));
    await Promise.all([consul.stop(), s3.stop(), folder.remove()]);
  });

  afterEach(function () {
    if (this.currentTest?.state !== "failed") return;
    for (const { name, log } of contenders) console.log([`--- ${name}`, ...log.slice(-30)].join("\n"));
  });

  const archives = (): string => join(folder.path, "archives");
  /** Wakes whoever waits for a saved archive. */
  let hasSaved = (): void => undefined;

  async function contender(name: string, program: (consulAddress: string, bucketPort: number) => Promise<string[]>) {
    const port = Number(consul.address.split(":")[1]);
    const [toConsul, toBucket] = await Promise.all([
      startAgentLine(name, port, isSnapshot, watch),
      startAgentLine(name, s3.port, isUpload, watch),
    ]);
    const [file = "", ...args] = await program(toConsul.address, toBucket.port);
    const made: Contender = {
      name,
      isOurs: file === process.execPath,
      consul: toConsul,
      bucket: toBucket,
      child: undefined,
      terms: 0,
      saved: [],
      log: [],
      start() {
        const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...s3.env } });
        createInterface(child.stderr).on("line", (line) => made.log.push(line));
        createInterface(child.stdout).on("line", (line) => {
          made.log.push(line);
          if (line.endsWith("Obtained leadership")) made.terms++;
          const [, id] = /Saved snapshot: id=(\d{19})(?:$| destination=folder)/.exec(line) ?? [];
          if (id === undefined) return;
          made.saved.push({ id, term: made.terms });
          hasSaved();
        });
        return child;
      },
    };
    contenders.push(made);
    return made;
  }

  async function agent(name: string): Promise<Contender> {
    return contender(name, async (http_addr, bucketPort) => {
      const bucket = { s3_bucket: "bucket", s3_region: "us-east-1", s3_endpoint: `http://127.0.0.1:${bucketPort}` };
      const config = {
        http_addr,
        snapshot: { interval: `${INTERVAL_MS}ms`, lock_key: KEY, max_failures: 0, retain: 0 },
        backup_destinations: {
          local_storage: [{ name: "folder", path: archives() }],
          aws_storage: [{ name: "bucket", ...bucket, s3_force_path_style: true }],
        },
      };
      const file = await configFile(folder.path, config, `${name}.json`);
      return [process.execPath, compiledProgram("electedAgent"), file, JSON.stringify(TIMES)];
    });
  }

  async function goHolder(): Promise<Contender> {
    return contender("go", (address) => {
      const { ttlMs, delayMs } = TIMES;
      const times = ["-ttl", `${ttlMs}ms`, "-delay", `${delayMs}ms`, "-interval", `${INTERVAL_MS}ms`];
      const place = ["-address", address, "-key", KEY, "-folder", archives()];
      return Promise.resolve([resolve(".tools/bin/consul-lock"), ...times, ...place]);
    });
  }

  /** Resolves with the next contender that begins to lead and saves an archive. */
  async function nextLeader(): Promise<Contender> {
    const before = new Map(contenders.map((each) => [each, each.terms]));
    for (;;) {
      const found = contenders.find((each) => (each.saved.at(-1)?.term ?? 0) > (before.get(each) ?? 0));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (hasSaved = resolve));
    }
  }

  /** Holds the next save that any of them begins, at its request for a snapshot or its upload, and resolves with who began it. */
  async function holdNext(at: "snapshot" | "upload"): Promise<Contender> {
    const lines = contenders.map((each) => ({
      each,
      line: at === "upload" && each.isOurs ? each.bucket : each.consul,
    }));
    const holder = await new Promise<Contender>((resolve) => {
      for (const { each, line } of lines) line.holdNext(() => resolve(each));
    });
    for (const { line } of lines) line.holdNone();
    return holder;
  }

  /** @returns what undoes it */
  async function strike(leader: Contender, fault: Fault): Promise<() => void> {
    const child = leader.child!;
    if (fault === "cut off") {
      // The Go client has no time limits: it would wait for a silent Consul.
      leader.consul.cut(leader.isOurs ? "silent" : "reset");
      return () => leader.consul.mend();
    }
    if (fault === "session ended") {
      const [pair] = (await consul.api(`/v1/kv/${KEY}`)) as { Session?: string }[];
      if (pair?.Session !== undefined) await consul.api(`/v1/session/destroy/${pair.Session}`, { method: "PUT" });
      return () => undefined;
    }
    const ended = once(child, "exit");
    child.kill(fault === "killed" ? "SIGKILL" : "SIGTERM");
    const [code] = (await ended) as [number | null];
    if (fault === "ended") expect(code, leader.log.slice(-20).join("\n")).to.equal(0);
    return () => (leader.child = leader.start());
  }

  it(`never save two at once over ${wanted} changes of leadership, and each leader saves in its turn`, async () => {
    const go = await goHolder();
    const first = nextLeader();
    go.child = go.start();
    expect((await first).name).to.equal("go");
    for (const name of ["a", "b", "c"]) {
      const ours = await agent(name);
      ours.child = ours.start();
    }
    const terms: string[] = [];
    for (let turn = 0; terms.length < wanted; turn++) {
      const round = Math.floor(turn / FAULTS.length);
      const leader = await holdNext((turn + round) % 2 === 0 ? "snapshot" : "upload");
      const following = nextLeader();
      const undo = await strike(leader, FAULTS[turn % FAULTS.length]!);
      await watch.idle(leader.name);
      const next = await following;
      undo();
      if (next !== leader) terms.push(next.name);
      expect(watch.overlaps).to.deep.equal([]);
    }
    const names = (await readdir(archives())).filter((name) => name.endsWith(".snap"));
    expect(names).to.include.members(contenders.flatMap(({ saved }) => saved.map(({ id }) => `consul-${id}.snap`)));
    for (const name of names) await readWhole(createReadStream(join(archives(), name)));
    const aws = { accessKeyId: s3.env.AWS_ACCESS_KEY_ID!, secretAccessKey: s3.env.AWS_SECRET_ACCESS_KEY! };
    const store = await openStore(parseLocation(s3.url("")), { credentials: { aws } });
    let inBucket = 0;
    for await (const { key } of store.list("")) {
      if (!key.endsWith(".snap")) continue;
      inBucket++;
      await readWhole(store.read(key));
    }
    store.close();
    expect(inBucket).to.be.greaterThan(0);
    console.log(`      ${names.length} archives, led by ${terms.join(" ")}`);
    // An agent of ours goes on where another one has stopped, and does not save twice in an interval.
    const ours = contenders
      .filter(({ isOurs }) => isOurs)
      .flatMap(({ name, saved }) => saved.map(({ id }) => ({ name, takenAt: Number(id.slice(0, 13)) })))
      .sort((a, b) => a.takenAt - b.takenAt);
    for (const [at, { name, takenAt }] of ours.entries()) {
      const previous = ours[at - 1];
      if (previous !== undefined && previous.name !== name) {
        expect(takenAt - previous.takenAt).to.be.at.least(INTERVAL_MS);
      }
    }
  });
});
