import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readWhole } from "../../provider/archive/readWhole";
import { compact } from "../../provider/compact";
import { openStore } from "../../provider/store/backends";
import { parseLocation } from "../../provider/store/location";
import type { Store } from "../../provider/store/store";
import { type Firing, Scrapes } from "../support/agent/alertRules";
import { ManualClock } from "../support/agent/manualClock";
import {
  type SimulatedDaemon,
  startSimulatedDaemon,
  timedConsul,
  type TimedConsul,
} from "../support/agent/simulatedDaemon";
import { type ConsulServer, eventually, startConsul } from "../support/consul/consul";
import { type AgentLine, isUpload, SaveWatch, startAgentLine } from "../support/faults/agentLine";
import { type Refusal, startStoreProxy, type StoreProxy } from "../support/faults/storeProxy";
import { temporaryFolder } from "../support/programs/saving";
import { versitygw } from "../support/stores/s3";
import type { StoreServer } from "../support/stores/stores";

const START = new Date("2026-11-23T00:00:00.000Z");
const HOUR_MS = 3_600_000;
const EVERY_MINUTES = 3;
const aws = { accessKeyId: "KEY12345", secretAccessKey: "SECRET12345" };

interface Health {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/**
 * One agent with an interval of an hour, a folder and a bucket. The test lets time pass, and looks at the archives, at `/health`, and
 * at the alerts that fire on the metrics.
 */
describe("an agent whose surroundings fail", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let server: StoreServer;
  let store: Store;
  let count = 0;
  // Of each test.
  let clock: ManualClock;
  let timed: TimedConsul;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let prefix: string;
  let scrapes: Scrapes;
  let checks: (readonly [minute: number, firing: readonly Firing[]])[];
  const running: { stop(): Promise<void> }[] = [];

  before(async () => {
    [consul, server] = await Promise.all([startConsul({ config: { session_ttl_min: "1s" } }), versitygw.start()]);
    store = await openStore(parseLocation(server.url("")), { credentials: { aws } });
  });
  after(async () => {
    store.close();
    await Promise.all([consul.stop(), server.stop()]);
  });
  beforeEach(async () => {
    folder = await temporaryFolder();
    await mkdir(path("folder"));
    clock = new ManualClock(START);
    timed = await timedConsul(consul, clock);
    prefix = `faults-${++count}`;
    scrapes = new Scrapes(EVERY_MINUTES, START.getTime() / 1000);
    checks = [];
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
    await timed.stop();
    await folder.remove();
  });

  const path = (name: string): string => join(folder.path, name);

  /** The hours of the archives at both destinations, each of which is valid. */
  async function hours(): Promise<{ folder: number[]; bucket: number[] }> {
    const hourOf = (name: string): number =>
      (Number(/-(\d{13})\d{6}\.snap$/.exec(name)?.[1]) - START.getTime()) / HOUR_MS;
    const local = await openStore(parseLocation(path("folder/")));
    const found: [number[], number[]] = [[], []];
    for (const [at, [place, list]] of (
      [
        [local, `${path("folder")}/`],
        [store, `${prefix}/`],
      ] as const
    ).entries()) {
      for await (const { key } of place.list(list)) {
        if (!key.endsWith(".snap")) continue;
        await readWhole(place.read(key));
        found[at]!.push(Math.round(hourOf(key) * 1000) / 1000);
      }
    }
    local.close();
    const [inFolder, inBucket] = found.map((list) => list.sort((a, b) => a - b));
    return { folder: inFolder!, bucket: inBucket! };
  }

  interface Life {
    readonly agent: SimulatedDaemon;
    readonly toConsul: AgentLine;
    readonly toBucket: AgentLine;
    readonly bucket: StoreProxy;
    /** Lets time pass, and awaits these lines. */
    readonly passTo: (hours: number, ...lines: readonly RegExp[]) => Promise<void>;
    /** Expects this of `/health` and of the alerts at this time. */
    readonly expectState: (reasons: readonly RegExp[], firing: readonly Firing[]) => Promise<void>;
  }

  const SAVED_FOLDER = /Saved snapshot: id=\d{19} destination=folder$/;
  const SAVED_BUCKET = /Saved snapshot: id=\d{19} destination=bucket$/;
  const NOT_SAVED_BUCKET = /the snapshot could not be saved: .* destination=bucket$/;

  async function start(name = "agent", ttlMs?: number): Promise<Life> {
    const bucket = await startStoreProxy(server.port);
    const toBucket = await startAgentLine(name, bucket.port, isUpload, new SaveWatch());
    const toConsul = await timed.line(name);
    const config = {
      http_addr: toConsul.address,
      snapshot: { interval: "1h", max_failures: 0, lock_key: `${prefix}/lock`, service: prefix },
      backup_destinations: {
        local_storage: [{ name: "folder", path: path("folder") }],
        aws_storage: [
          {
            name: "bucket",
            access_key_id: aws.accessKeyId,
            secret_access_key: aws.secretAccessKey,
            s3_bucket: "bucket",
            s3_region: "us-east-1",
            s3_endpoint: `http://${toBucket.address}`,
            s3_force_path_style: true,
            s3_key_prefix: prefix,
          },
        ],
      },
    };
    const text = JSON.stringify({ snapshot_agent: config });
    const agent = await startSimulatedDaemon(text, clock, compact({ socketPath: path(`${name}.sock`), ttlMs }));
    running.push({
      async stop() {
        await agent.stop();
        await Promise.all([toConsul.stop(), toBucket.stop(), bucket.stop()]);
      },
    });
    const scrape = async (): Promise<void> => {
      const { text } = await agent.get("/metrics");
      scrapes.add(name, clock.hours * 60, text);
    };
    return {
      agent,
      toConsul,
      toBucket,
      bucket,
      passTo: async (to, ...lines) => {
        const from = agent.lines.length;
        clock.passTo(to);
        await Promise.all(lines.map((line) => agent.line(line, from)));
        await scrape();
      },
      expectState: async (reasons, firing) => {
        await scrape();
        const { status, text } = await agent.get("/health");
        const health = JSON.parse(text) as Health;
        expect(health.reasons, `at ${clock.hours} h`).to.have.lengthOf(reasons.length);
        for (const [at, reason] of reasons.entries()) expect(health.reasons[at]).to.match(reason);
        expect([status, health.ok]).to.deep.equal(reasons.length === 0 ? [200, true] : [503, false]);
        checks.push([Math.ceil(clock.hours * 60), firing]);
      },
    };
  }

  /** It has led and saved at both hours. */
  async function startAndSave(ttlMs?: number): Promise<Life> {
    const life = await start("agent", ttlMs);
    await Promise.all([SAVED_FOLDER, SAVED_BUCKET].map((line) => life.agent.line(line)));
    await life.passTo(1, SAVED_FOLDER, SAVED_BUCKET);
    expect(await hours()).to.deep.equal({ folder: [0, 1], bucket: [0, 1] });
    await life.passTo(1.1);
    await life.expectState([], []);
    return life;
  }

  const both = (list: readonly number[]) => ({ folder: list, bucket: list });
  const tooOld = (name: string): RegExp =>
    new RegExp(`^the newest restorable archive of ${name} is .* old, and may be `);

  it("goes on when Consul comes back after hours, with one snapshot for those that were missed", async () => {
    const { agent, toConsul, passTo, expectState } = await startAndSave(3_000);
    const lost = agent.lines.length;
    toConsul.cut("reset");
    await agent.line(/leadership cannot be obtained/, lost);
    expect((await agent.get("/ready")).status).to.equal(503);
    for (const hour of [1.25, 1.5, 1.75, 2.15])
      await passTo(hour, /leadership cannot be obtained: .*CONSUL_UNREACHABLE/);
    // An hour later, one snapshot is missing, and the archives are young enough.
    await expectState([], [["ConsulSnapshotNoLeader"]]);
    for (const hour of [2.5, 3, 3.3]) await passTo(hour, /leadership cannot be obtained/);
    await expectState(
      [tooOld("folder"), tooOld("bucket")],
      [["ConsulSnapshotNoLeader"], ["ConsulSnapshotTooOld", "folder"], ["ConsulSnapshotTooOld", "bucket"]],
    );
    expect(await hours()).to.deep.equal(both([0, 1]));
    toConsul.mend();
    await passTo(3.4, /Obtained leadership/, SAVED_FOLDER, SAVED_BUCKET);
    await passTo(3.5);
    await expectState([], []);
    await passTo(4.4, SAVED_FOLDER, SAVED_BUCKET);
    expect(await hours()).to.deep.equal(both([0, 1, 3.4, 4.4]));
    await expectState([], []);
    await scrapes.expectFiring(checks);
  });

  const refusal = (status: number, code: string): Refusal => ({
    status,
    headers: { "Content-Type": "application/xml" },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
  });

  for (const { name, code, refuse, reason } of [
    {
      name: "full",
      code: "STORE_FULL",
      refuse: (method: string) => (method === "PUT" ? refusal(403, "QuotaExceeded") : undefined),
      reason: tooOld("bucket"),
    },
    {
      name: "denied",
      code: "STORE_DENIED",
      refuse: () => refusal(403, "AccessDenied"),
      reason:
        /^bucket cannot be read: access to s3:\S+ is denied \(403 AccessDenied\) \(STORE_DENIED\)\. Check access_key_id, /,
    },
  ]) {
    it(`saves to the folder while the bucket is ${name}, and to both again after that`, async () => {
      const { agent, bucket, passTo, expectState } = await startAndSave();
      bucket.refuse(refuse);
      await passTo(2, SAVED_FOLDER, NOT_SAVED_BUCKET);
      // It tries again after a minute, and then after two more.
      await passTo(2.02, NOT_SAVED_BUCKET);
      await passTo(2.06, NOT_SAVED_BUCKET);
      await passTo(3, SAVED_FOLDER, NOT_SAVED_BUCKET);
      await passTo(3.3, NOT_SAVED_BUCKET);
      expect((await agent.get("/metrics")).text).to.include(
        `consul_snapshot_errors_total{destination="bucket",code="${code}"} 5`,
      );
      await expectState(
        [reason],
        [
          ["ConsulSnapshotTooOld", "bucket"],
          ["ConsulSnapshotFailing", "bucket"],
        ],
      );
      expect((await agent.get("/status")).text).to.include(`"last_snapshot_error_code": "${code}"`);
      bucket.refuse(() => undefined);
      expect(await hours()).to.deep.equal({ folder: [0, 1, 2, 3], bucket: [0, 1] });
      // The archive that waits is that of the third hour.
      await passTo(3.5, SAVED_BUCKET);
      await passTo(3.7);
      await expectState([], []);
      await passTo(4, SAVED_FOLDER, SAVED_BUCKET);
      expect(await hours()).to.deep.equal({ folder: [0, 1, 2, 3, 4], bucket: [0, 1, 3, 4] });
      await scrapes.expectFiring(checks);
    });
  }

  it("saves to the folder while an upload to the bucket hangs, and to the bucket as soon as that is over", async () => {
    const { agent, toBucket, passTo, expectState } = await startAndSave();
    const held = new Promise<void>((resolve) => toBucket.holdNext(resolve));
    await passTo(2, SAVED_FOLDER);
    await held;
    await passTo(3, SAVED_FOLDER);
    await passTo(3.3);
    await expectState([tooOld("bucket")], [["ConsulSnapshotTooOld", "bucket"]]);
    expect(await hours()).to.deep.equal({ folder: [0, 1, 2, 3], bucket: [0, 1] });
    const from = agent.lines.length;
    toBucket.mend();
    // The archive of the second hour arrives, and one for the third, which has passed.
    await eventually("both archives", () =>
      Promise.resolve(agent.lines.slice(from).filter((line) => SAVED_BUCKET.test(line)).length === 2),
    );
    await passTo(3.5);
    await expectState([], []);
    await passTo(4, SAVED_FOLDER, SAVED_BUCKET);
    expect(await hours()).to.deep.equal({ folder: [0, 1, 2, 3, 4], bucket: [0, 1, 2, 3.3, 4] });
    await scrapes.expectFiring(checks);
  });

  for (const byHours of [24, -24]) {
    it(`goes on when its clock is set ${byHours > 0 ? "forward" : "back"} by a day`, async () => {
      const { agent, passTo, expectState } = await startAndSave();
      const from = agent.lines.length;
      clock.set(byHours * HOUR_MS);
      if (byHours > 0) {
        await Promise.all([SAVED_FOLDER, SAVED_BUCKET].map((line) => agent.line(line, from)));
        await passTo(1.2);
        await expectState([], []);
        await passTo(2.1, SAVED_FOLDER, SAVED_BUCKET);
        expect(await hours()).to.deep.equal(both([0, 1, 25.1, 26.1]));
      } else {
        const future = /^(folder|bucket) has no restorable archive, but one of the future: check for clock skew$/;
        await passTo(1.2);
        // The alerts compare with Prometheus's own clock, which was not set.
        await expectState([future, future], []);
        await passTo(2, SAVED_FOLDER, SAVED_BUCKET);
        expect(await hours()).to.deep.equal(both([-22, 0, 1]));
        await passTo(2.1);
        await expectState([], []);
      }
      await scrapes.expectFiring(checks);
    });
  }

  it("is followed by another one when it is killed, which knows what it has saved", async () => {
    const { toConsul, toBucket } = await startAndSave();
    // Nothing of it arrives any more, and Consul ends its session.
    toConsul.cut("reset");
    toBucket.cut("reset");
    const [pair] = (await consul.api(`/v1/kv/${prefix}/lock`)) as { Session: string }[];
    await consul.api(`/v1/session/destroy/${pair!.Session}`, { method: "PUT" });
    scrapes.add("agent", clock.hours * 60 + 1, undefined);
    await running.pop()?.stop();
    clock.passTo(1.5);
    const next = await start("next");
    await next.agent.line(/Obtained leadership/);
    const known = async (): Promise<string> => (await next.agent.get("/metrics")).text;
    checks.push([88, [["ConsulSnapshotNoLeader"]]]);
    await next.expectState([], []);
    for (const name of ["folder", "bucket"]) {
      expect(await known()).to.include(
        `consul_snapshot_last_success_timestamp_seconds{destination="${name}"} ${START.getTime() / 1000 + 3600}`,
      );
      expect(await known()).to.include(`consul_snapshot_successes_total{destination="${name}"} 0`);
    }
    await next.passTo(1.6);
    await next.expectState([], []);
    await next.passTo(2, SAVED_FOLDER, SAVED_BUCKET);
    expect(await hours()).to.deep.equal(both([0, 1, 2]));
    await scrapes.expectFiring(checks);
    expect((await readdir(path("folder"))).filter((name) => name.endsWith(".partial"))).to.deep.equal([]);
  });
});
