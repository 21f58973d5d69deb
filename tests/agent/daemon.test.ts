import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { Agent, fetch } from "undici";
import { type ConsulServer, eventually, inspect, startConsul } from "../support/consul/consul";
import { openStore } from "../../provider/store/backends";
import { parseLocation } from "../../provider/store/location";
import { isUpload, SaveWatch, startAgentLine } from "../support/faults/agentLine";
import { consulProxy } from "../support/faults/consulProxy";
import { startStoreProxy } from "../support/faults/storeProxy";
import { versitygw } from "../support/stores/s3";
import { temporaryFolder } from "../support/programs/saving";
import { type AgentRun, configFile, startAgent } from "./running";

interface Check {
  readonly Name: string;
  readonly Status: string;
  readonly ServiceID: string;
}

describe("the agent as a service", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const running = new Set<AgentRun>();
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    for (const run of running) run.stop();
    await Promise.all([...running].map(({ ended }) => ended.catch(() => undefined)));
    running.clear();
    await folder.remove();
  });

  const path = (name: string): string => join(folder.path, name);
  const snapshots = async (): Promise<string[]> =>
    (await readdir(path("b")).catch(() => [])).filter((name) => name.endsWith(".snap"));
  const checks = async (): Promise<string[]> => {
    const all = Object.values((await consul.api("/v1/agent/checks")) as Record<string, Check>);
    return all.map(({ Name, Status }) => `${Name}: ${Status}`).sort();
  };
  function start(args: readonly string[]): AgentRun {
    const run = startAgent(args);
    running.add(run);
    return run;
  }
  const agent = (more: object = {}, key = "consul-snapshot/lock") => ({
    http_addr: consul.address,
    snapshot: { interval: "1h", lock_key: key },
    local_storage: { path: path("b") },
    ...more,
  });

  it("registers itself, is elected, saves, answers at its endpoints, and leaves nothing in Consul when it ends", async () => {
    const beats: string[] = [];
    const heart = createServer((request, response) => {
      beats.push(request.url ?? "");
      response.end();
    }).listen(0, "127.0.0.1");
    await once(heart, "listening");
    const { port } = heart.address() as AddressInfo;
    const file = await configFile(
      folder.path,
      agent({ http: { address: "127.0.0.1:0" }, heartbeat: { url: `http://127.0.0.1:${port}/ping/secret-id` } }),
    );
    const run = start(["-config-file", file]);
    const [, address = ""] = /address=(\S+)/.exec(await run.line(/Serving HTTP/)) ?? [];
    await run.line(/Saved snapshot/);
    expect(run.lines.map((line) => line.replace(/^.*?\] |:.*/g, ""))).to.include.members([
      "Snapshot agent running",
      "Waiting to obtain leadership...",
      "Obtained leadership",
      "Saved snapshot",
    ]);
    await eventually(
      "both checks",
      async () =>
        (await checks()).join() ===
        "Consul Snapshot Agent Alive: passing,Consul Snapshot Agent Saving Snapshots: passing",
    );
    const get = (at: string, init = {}) => fetch(`http://${address}${at}`, init);
    expect(await (await get("/ready")).text()).to.equal("leader\n");
    const health = await get("/health");
    expect([health.status, await health.json()]).to.deep.equal([200, { ok: true, reasons: [] }]);
    const metrics = await (await get("/metrics")).text();
    for (const metric of [
      /^consul_snapshot_leader 1$/m,
      /^# TYPE consul_snapshot_successes_total counter$/m,
      /^consul_snapshot_successes_total\{destination="\S*\/b\/"\} 1$/m,
      /^consul_snapshot_consecutive_failures\{destination="\S*\/b\/"\} 0$/m,
      /^consul_snapshot_last_success_timestamp_seconds\{destination="\S+"\} 1\d{9}/m,
      /^consul_snapshot_duration_seconds_count\{phase="take"\} 1$/m,
      /^consul_snapshot_build_info\{version="\d+\.\d+\.\d+"\} 1$/m,
    ]) {
      expect(metrics).to.match(metric);
    }
    const status = (await (await get("/status")).json()) as {
      leader: boolean;
      destinations: Record<string, unknown>[];
    };
    expect(status.leader).to.equal(true);
    expect(status.destinations[0]).to.deep.include({ consecutive_errors: 0, last_snapshot_error: null });
    expect(status.destinations[0]!.last_snapshot_url).to.match(/\/b\/consul-\d{19}\.snap$/);
    const page = await get("/");
    expect(page.headers.get("content-security-policy")).to.include("default-src 'none'");
    expect(await page.text())
      .to.include("This agent has led since")
      .and.not.include("<script");
    expect((await get("/snapshot")).status).to.equal(405);
    expect((await get("/snapshot", { method: "POST", headers: { Origin: "http://evil" } })).status).to.equal(403);
    const before = run.lines.length;
    expect((await get("/snapshot", { method: "POST" })).status).to.equal(202);
    await run.line(/Saved snapshot/, before);
    const after = run.lines.length;
    run.snapshot();
    await run.line(/Saved snapshot/, after);
    expect(await snapshots()).to.have.lengthOf(3);
    await eventually("three heartbeats", () => Promise.resolve(beats.length === 3));
    expect(beats).to.deep.equal(["/ping/secret-id", "/ping/secret-id", "/ping/secret-id"]);
    run.stop();
    expect(await run.ended).to.equal(0);
    heart.close();
    expect(run.lines.join("\n")).to.not.include("secret-id");
    expect(await consul.api("/v1/agent/services")).to.deep.equal({});
    expect(await consul.api("/v1/session/list")).to.deep.equal([]);
    await fetch(`http://${address}/`).then(
      () => expect.fail("it still listens"),
      () => undefined,
    );
  });

  it("is registered again when its registration is lost", async () => {
    const run = start(["-config-file", await configFile(folder.path, agent())]);
    await run.line(/Saved snapshot/);
    const [id = ""] = Object.keys((await consul.api("/v1/agent/services")) as object);
    await consul.api(`/v1/agent/service/deregister/${id}`, { method: "PUT" });
    await eventually("both checks", async () => (await checks()).length === 2);
    expect(Object.keys((await consul.api("/v1/agent/services")) as object)).to.deep.equal([id]);
  });

  it("lets another agent save when it ends, which keeps the rhythm, and reloads all or nothing", async () => {
    const file = await configFile(folder.path, agent());
    const first = start(["-config-file", file]);
    await first.line(/Saved snapshot/);
    const second = start(["-config-file", file]);
    await second.line(/Waiting to obtain leadership/);
    await writeFile(file, JSON.stringify({ snapshot_agent: { ...agent(), nonsense: 1 } }));
    second.reload();
    expect(await second.line(/was not reloaded/)).to.include("nonsense is not a key");
    await configFile(folder.path, agent({ log: { format: "json" } }));
    second.reload();
    await second.line(/^\{.*Snapshot agent running/);
    first.stop();
    await first.ended;
    await second.line(/^\{.*Obtained leadership/);
    const before = second.lines.length;
    second.snapshot();
    await second.line(/Saved snapshot/, before);
    // The first archive is minutes old, and the interval is an hour: only the demand has made another.
    expect(await snapshots()).to.have.lengthOf(2);
  });

  it("serves its former configuration again where a new one cannot be served", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const http = { address: `unix://${path("agent.sock")}` };
    const file = await configFile(folder.path, agent({ http }));
    const run = start(["-config-file", file]);
    await run.line(/Saved snapshot/);
    for (const [change, problem] of [
      [{ http: { address: `127.0.0.1:${port}` } }, `http.address 127.0.0.1:${port} cannot be used: EADDRINUSE`],
      [{ http, datacenter: "dc9" }, "datacenter is dc9, and the local agent is in dc1"],
    ] as const) {
      const reloadedAt = run.lines.length;
      await configFile(folder.path, agent(change));
      run.reload();
      expect(await run.line(/the former one is served again/, reloadedAt)).to.include(problem);
      await run.line(/Obtained leadership/, reloadedAt);
      await run.line(/Serving HTTP.*agent\.sock/, reloadedAt);
    }
    other.close();
    await configFile(folder.path, agent({ http, log: { format: "json" } }));
    run.reload();
    await run.line(/^\{.*Obtained leadership/);
    run.stop();
    expect(await run.ended).to.equal(0);
  });

  it("says which destination fails, in health, metrics and its check, and gives up after max_failures", async () => {
    await writeFile(path("blocked"), "a file");
    const file = await configFile(
      folder.path,
      agent({
        snapshot: { interval: "1h", max_failures: 1 },
        backup_destinations: {
          local_storage: [
            { name: "bad", path: path("blocked/x") },
            { name: "good", path: path("b") },
          ],
        },
        http: { address: `unix://${path("agent.sock")}` },
      }),
    );
    const run = start(["-config-file", file]);
    await run.line(/gave up leadership after 1/);
    await run.line(/Saved snapshot/);
    expect(await snapshots()).to.have.lengthOf(1);
    const dispatcher = new Agent({ connect: { socketPath: path("agent.sock") } });
    const get = async (at: string) => fetch(`http://agent${at}`, { dispatcher });
    const health = await get("/health");
    expect(health.status).to.equal(503);
    expect(await health.text()).to.match(/"bad (cannot be read|has no restorable archive)/);
    const metrics = await (await get("/metrics")).text();
    expect(metrics).to.match(/^consul_snapshot_consecutive_failures\{destination="bad"\} 1$/m);
    expect(metrics).to.match(/^consul_snapshot_errors_total\{destination="bad",code="\w+"\} 1$/m);
    await dispatcher.close();
  });

  it("saves to its other destinations while one of them does not answer, and to that one again when it does", async () => {
    const server = await versitygw.start();
    const bucket = await startAgentLine("bucket", server.port, isUpload, new SaveWatch());
    try {
      const held = new Promise<void>((resolve) => bucket.holdNext(resolve));
      const { AWS_ACCESS_KEY_ID: access_key_id, AWS_SECRET_ACCESS_KEY: secret_access_key } = server.env;
      const slow = { s3_bucket: "bucket", s3_region: "us-east-1", s3_endpoint: `http://${bucket.address}` };
      const file = await configFile(
        folder.path,
        agent({
          snapshot: { interval: "1s", lock_key: "slow/lock" },
          backup_destinations: {
            aws_storage: [{ name: "slow", ...slow, access_key_id, secret_access_key, s3_force_path_style: true }],
            local_storage: [{ name: "good", path: path("b") }],
          },
          local_storage: undefined,
        }),
      );
      const run = start(["-config-file", file]);
      await held;
      const heldAt = run.lines.length;
      for (let round = 0, from = heldAt; round < 3; round++) {
        from = run.lines.indexOf(await run.line(/Saved snapshot.*destination=good/, from)) + 1;
      }
      expect(run.lines.slice(heldAt).join("\n")).to.not.include("destination=slow");
      bucket.mend();
      await run.line(/Saved snapshot.*destination=slow/, heldAt);
      run.stop();
      expect(await run.ended).to.equal(0);
      for (const name of await snapshots()) await inspect(path(`b/${name}`));
    } finally {
      await bucket.stop();
      await server.stop();
    }
  });

  it("survives the kill of the leader: the next one saves only after its session has ended, and each archive is valid", async () => {
    const key = "killed/lock";
    const file = await configFile(folder.path, agent({ snapshot: { interval: "1s", lock_key: key } }));
    const first = spawn(process.execPath, [resolve("dist/cli/main.js"), "agent", "-config-file", file]);
    await eventually("two archives", async () => (await snapshots()).length >= 2);
    first.kill("SIGKILL");
    await once(first, "exit");
    const left = (await snapshots()).length;
    const second = start(["-config-file", file]);
    const [pair] = (await consul.api(`/v1/kv/${key}`)) as { Session: string }[];
    await consul.api(`/v1/session/destroy/${pair!.Session}`, { method: "PUT" });
    await second.line(/Saved snapshot/);
    second.stop();
    await second.ended;
    const names = await snapshots();
    expect(names.length).to.be.greaterThan(left);
    for (const name of names) await inspect(path(`b/${name}`));
    expect((await readdir(path("b"))).filter((name) => name.includes(".tmp"))).to.deep.equal([]);
  });

  describe("ended by SIGTERM while it saves", () => {
    /** Runs one until `saving` resolves, ends it, and expects that nothing is left behind. */
    async function endWhile(saving: Promise<unknown>, config: object): Promise<void> {
      const scratch = path("scratch");
      await mkdir(scratch);
      // An agent that another test has killed could not remove its own.
      const servicesBefore = await consul.api("/v1/agent/services");
      const file = await configFile(folder.path, config);
      const child = spawn(process.execPath, [resolve("dist/cli/main.js"), "agent", "-config-file", file], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, TMPDIR: scratch },
      });
      let log = "";
      child.stdout.on("data", (bytes: Buffer) => (log += bytes.toString()));
      const ended = once(child, "close");
      await Promise.race([saving, ended]);
      expect(child.exitCode, log).to.equal(null);
      child.kill("SIGTERM");
      expect(await ended, log).to.deep.equal([0, null]);
      const [pair] = (await consul.api("/v1/kv/sigterm/lock").catch(() => [undefined])) as { Session?: string }[];
      expect(pair?.Session).to.equal(undefined);
      expect(await consul.api("/v1/session/list")).to.deep.equal([]);
      expect(await consul.api("/v1/agent/services")).to.deep.equal(servicesBefore);
      expect(await readdir(scratch)).to.deep.equal([]);
    }

    it("from a Consul whose snapshot does not come, leaves nothing, and no lock", async () => {
      const proxy = await consulProxy(consul.address);
      let release = (): void => undefined;
      const asked = new Promise<void>((resolve) =>
        proxy.beforeSnapshot(() => {
          resolve();
          return new Promise<void>((done) => (release = done));
        }),
      );
      try {
        await endWhile(asked, agent({ http_addr: proxy.address }, "sigterm/lock"));
        expect(await readdir(path("b")).catch(() => [])).to.deep.equal([]);
      } finally {
        release();
        await proxy.stop();
      }
    });

    it("to a bucket that holds the archive back, leaves nothing there, and the archive of another destination", async () => {
      const aws = { accessKeyId: "KEY12345", secretAccessKey: "SECRET12345" };
      const server = await versitygw.start();
      const proxy = await startStoreProxy(server.port);
      const uploading = new Promise<void>((resolve) =>
        proxy.refuse((method, key) => {
          if (method !== "PUT" || !key.endsWith(".snap")) return undefined;
          resolve();
          return "hold";
        }),
      );
      try {
        const bucket = { s3_bucket: "bucket", s3_region: "us-east-1", s3_endpoint: `http://127.0.0.1:${proxy.port}` };
        const keys = { access_key_id: aws.accessKeyId, secret_access_key: aws.secretAccessKey };
        const { local_storage, ...rest } = agent({}, "sigterm/lock");
        const destinations = {
          aws_storage: [{ ...bucket, ...keys, s3_force_path_style: true }],
          local_storage: [local_storage],
        };
        const saved = eventually("the other archive", async () => (await snapshots()).length === 1);
        await endWhile(Promise.all([uploading, saved]), { ...rest, backup_destinations: destinations });
        const names = await readdir(path("b"));
        expect(names.filter((name) => name.endsWith(".partial"))).to.deep.equal([]);
        for (const name of await snapshots()) await inspect(path(`b/${name}`));
        const store = await openStore(parseLocation(server.url("")), { credentials: { aws } });
        const left: string[] = [];
        for await (const { key } of store.list("")) left.push(key);
        store.close();
        expect(left).to.deep.equal([]);
        expect(proxy.requests.filter((line) => /^PUT .*manifest\.json/.test(line))).to.have.lengthOf(1);
      } finally {
        await proxy.stop();
        await server.stop();
      }
    });
  });

  it("refuses another datacenter, because its lock would exclude nobody", async () => {
    const failure = await start([
      "-config-file",
      await configFile(folder.path, agent({ datacenter: "dc9" })),
    ]).ended.catch((error: unknown) => error);
    expect(String(failure)).to.include("datacenter is dc9, and the local agent is in dc1");
  });
});
