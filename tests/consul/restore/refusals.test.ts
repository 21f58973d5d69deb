import { chmod, cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { keyPair } from "../../support/archives/ageKeys";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { TRAPS } from "../../fixtures/traps";
import { type ClusterState, clusterState, QUIET } from "../../support/consul/clusterState";
import {
  CONSUL_VERSIONS,
  DEFAULT_CONSUL,
  type ConsulServer,
  fill,
  startCluster,
  startConsul,
  until,
  untilRegistered,
} from "../../support/consul/consul";
import { type ConsulProxy, consulProxy } from "../../support/faults/consulProxy";
import { NOTHING_DONE } from "../../../cli/restore/restore";
import { OBSERVATION } from "../../../provider/restore/prepare";
import { ALLOWANCES } from "../../../provider/restore/guards";
import { clockIn } from "../../support/programs/clock";
import { command } from "../../support/programs/command";
import { planFrom, restoreFrom, type RestoreWishes } from "../../support/programs/restoring";
import { withoutRights } from "../../support/faults/unprivileged";
import { saveTo, temporaryFolder } from "../../support/programs/saving";
import { federated } from "../../support/consul/federated";

const HOUR = 3_600_000;

describe("a restore is refused, and the cluster left as it is,", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: ConsulServer;
  let proxy: ConsulProxy;
  let archive: string;
  let before_: ClusterState;

  before(async () => {
    [folder, server] = [await temporaryFolder(), await startConsul({ ...QUIET, acl: true })];
    await chmod(folder.path, 0o755);
    proxy = await consulProxy(server.address);
    await fill(server);
    archive = (await saveTo(`${folder.path}/`, connection())).saved.manifest.location;
    await server.api("/v1/kv/since", { method: "PUT", body: "then" });
    await federated(server, 1);
    await untilRegistered([server]);
    before_ = await clusterState(server);
  });
  after(async () => {
    await proxy.stop();
    await server.stop();
    await folder.remove();
  });
  afterEach("nothing was sent, nothing changed", async () => {
    expect(proxy.writes()).to.equal(0);
    expect(await clusterState(server)).to.deep.equal(before_);
  });

  function connection(token = server.token ?? ""): { address: string; token: string } {
    return { address: proxy.address, token };
  }

  async function refused(source: string, wishes: RestoreWishes = {}, token?: string) {
    const { error, attempt } = await restoreFrom(source, connection(token), wishes);
    expect(error, "it was restored").to.exist;
    expect(attempt, "it was begun").to.equal(undefined);
    return error!;
  }

  async function made(name: string, bytes: Buffer): Promise<string> {
    const path = join(folder.path, `${name.replaceAll(/\W/g, "-")}.snap`);
    await writeFile(path, bytes);
    return path;
  }

  for (const { name, bytes, code } of TRAPS) {
    if (code === undefined) continue;
    it(`of an archive that is damaged: ${name}`, async () => {
      expect((await refused(await made("trap", bytes))).code).to.equal(code);
    });
  }

  const valid = stateOf([keyValue("app/a", "1"), keyValue("app/b", "2")]);
  for (const [name, state, code] of [
    ["a record that nobody knows", stateOf([{ type: 111, value: {} }]), "STATE_UNKNOWN_RECORD"],
    ["a record of Consul Enterprise", stateOf([{ type: 65, value: "namespace" }]), "STATE_UNKNOWN_RECORD"],
    ["a record of a later Consul", stateOf([{ type: 42, value: "resource" }]), "STATE_UNKNOWN_RECORD"],
    ["a record that is cut off", valid.subarray(0, -3), "STATE_UNDECODABLE"],
    ["no state", Buffer.alloc(0), "STATE_UNDECODABLE"],
    ["a key that is a number", stateOf([{ type: 2, value: { Key: 5 } }]), "STATE_UNDECODABLE"],
  ] as const) {
    it(`of an archive that would kill the server: ${name}, whatever is allowed`, async () => {
      const allow = ALLOWANCES.filter((name) => name !== "noReceipt");
      const error = await refused(await made(name, archiveOf(state)), { request: { allow } });
      expect(error.code).to.equal(code);
      expect(error.message).to.include("guard restorable");
    });
  }

  it("of an archive that is encrypted for somebody else", async () => {
    const [mine, theirs] = [await keyPair(), await keyPair()];
    const saved = await saveTo(`${folder.path}/`, connection(), { recipients: [theirs.recipient] });
    const { location } = saved.saved.manifest;
    const decryption = { identities: [mine.identity], identityFiles: [] };
    const error = await refused(location, { request: { decryption } });
    expect(error.code).to.equal("DECRYPTION_FAILED");
    expect(error.message + error.hint).not.to.include("AGE-SECRET-KEY");
  });

  it("of another archive than the one whose manifest lies beside it", async () => {
    const path = join(folder.path, "changed.snap");
    await cp(`${archive}.manifest.json`, `${path}.manifest.json`);
    await writeFile(path, archiveOf(valid));
    const error = await refused(path);
    expect(error.code).to.equal("RESTORE_REFUSED");
    expect(error.message).to.include("guard changedSinceManifest").and.include("guard otherDatacenter");
    expect(error.hint).to.include('allow: ["changedSinceManifest", "otherDatacenter", "otherCluster", "otherVersion"]');
    const plan = await planFrom(path, connection());
    if ("earlier" in plan) throw new Error("it has begun before");
    expect(plan.archive, "facts of the other archive").to.not.have.any.keys("datacenter", "consulVersion");
  });

  it("of an archive that has no manifest, and so no datacenter and no version", async () => {
    const path = join(folder.path, "stranger.snap");
    await writeFile(path, archiveOf(valid));
    const error = await refused(path);
    expect(error.message).to.include("guard otherDatacenter").and.include("guard otherVersion");
  });

  it("of another datacenter's archive", async () => {
    const other = await startConsul({ datacenter: "dc2" });
    try {
      const { saved } = await saveTo(`${folder.path}/`, { address: other.address });
      const error = await refused(saved.manifest.location);
      expect(error.message).to.match(
        /the archive is from datacenter dc2, and the cluster at \S+ is dc1 \(guard otherDatacenter\)/,
      );
      expect(error.hint).to.include('allow: ["otherDatacenter", "otherCluster"]');
    } finally {
      await other.stop();
    }
  });

  it("after validUntil, before anything else is done", async () => {
    const request = { validUntil: new Date(Date.now() - 1000) };
    const error = await refused(archive, { request, safety: `${folder.path}/never/` });
    expect(error.message).to.include("guard expired");
    expect(await readdir(folder.path)).not.to.include("never");
  });

  it("after validUntil by Consul's clock, where the clock of this machine is behind", async () => {
    const at = await clockIn(folder.path);
    const before = await folder.entries();
    const anHourAgo = new Date(Date.now() - HOUR).toISOString();
    const args = ["restore", archive, "--safety-snapshot", `${folder.path}/late/`, "--yes", "--valid-until", anHourAgo];
    const env = { CONSUL_HTTP_ADDR: proxy.address, CONSUL_HTTP_TOKEN: server.token };
    const { code, err } = await command(args, { env: { ...env, ...at(-2) } });
    expect(code).to.equal(NOTHING_DONE);
    expect(err)
      .to.match(/it is \S+ by the clock of Consul, \S+ by the clock of this machine \(guard expired\)/)
      .and.include("Correct the clock that is wrong.");
    expect(await folder.entries()).to.deep.equal(before);
  });

  it("of an archive that was replaced together with its manifest, where sha256 names the one that was saved", async () => {
    const { location, sha256 } = (await saveTo(`${folder.path}/pair/`, connection())).saved.manifest;
    for (const end of ["", ".manifest.json"]) await cp(archive + end, location + end);
    const before = await folder.entries();
    const error = await refused(location, { request: { sha256 }, safety: `${folder.path}/other-sha256/` });
    expect(error.code).to.equal("RESTORE_REFUSED");
    expect(error.message.match(/guard \w+/g)).to.deep.equal(["guard source"]);
    expect(error.message).to.include(`and the restore asks for ${sha256}`);
    expect(await folder.entries(), "no safety snapshot and no receipt").to.deep.equal(before);
  });

  it("with a token that may read everything and restore nothing", async () => {
    const Rules = 'operator = "read" agent_prefix "" { policy = "read" } service_prefix "" { policy = "read" }';
    const api = (path: string, body: unknown): Promise<unknown> => server.api(path, { method: "PUT", body });
    const policy = (await api("/v1/acl/policy", { Name: "reader", Rules })) as { ID: string };
    const { SecretID } = (await api("/v1/acl/token", { Policies: [{ ID: policy.ID }] })) as { SecretID: string };
    before_ = await clusterState(server);
    for (const safety of [`${folder.path}/denied/`, undefined]) {
      const error = await refused(archive, safety === undefined ? {} : { safety }, SecretID);
      expect(error.code).to.equal("RESTORE_REFUSED");
      expect(error.message).to.match(/does not allow the token|guard (safetySnapshot|permission)/);
      expect(error.hint).to.include('acl = "write"');
      expect(error.message + error.hint).not.to.include(SecretID);
    }
  });

  it("when the safety snapshot cannot be written", async () => {
    const readOnly = join(folder.path, "read-only");
    await mkdir(readOnly, { mode: 0o555 });
    for (const file of await readdir(folder.path)) await chmod(join(folder.path, file), 0o755);
    const error = await withoutRights(() => refused(archive, { safety: `${readOnly}/` }));
    expect(error.message).to.include("the safety snapshot failed").and.include("guard safetySnapshot");
    expect(await readdir(readOnly)).to.deep.equal([]);
  });

  it("when no receipt can be written", async () => {
    const readOnly = join(folder.path, "archives");
    await mkdir(readOnly);
    for (const end of ["", ".manifest.json"]) await cp(archive + end, join(readOnly, `a.snap${end}`));
    await chmod(join(readOnly, "a.snap"), 0o644);
    await chmod(join(readOnly, "a.snap.manifest.json"), 0o644);
    await chmod(readOnly, 0o555);
    const error = await withoutRights(() => refused(join(readOnly, "a.snap")));
    expect(error.message).to.include("guard noReceipt");
    expect(error.hint).to.include('allow: ["noReceipt"]');
  });

  it("when a receipt is there that cannot be understood", async () => {
    const safety = join(folder.path, "receipts");
    const request = { runId: "a run" };
    const { createHash } = await import("node:crypto");
    const name = createHash("sha256").update("a run").digest("hex").slice(0, 16);
    await mkdir(safety);
    await writeFile(join(safety, `consul-restore-${name}-00000000.receipt.json`), "{");
    const error = await refused(archive, { request, safety: `${safety}/` });
    expect(error.message).to.include("guard receipt");
  });

  it("in the plan as well, which says so of each guard and what allows it", async () => {
    const path = join(folder.path, "planned.snap");
    await writeFile(path, archiveOf(valid));
    const { index } = (await saveTo(`${folder.path}/index/`, connection())).saved.manifest;
    const plan = await planFrom(path, connection(), { safety: `${folder.path}/planned/` });
    if ("earlier" in plan) throw new Error("it has begun before");
    expect(plan.refusal?.code).to.equal("RESTORE_REFUSED");
    expect(plan.guards.filter(({ ok }) => !ok).map(({ name, overridable }) => [name, overridable])).to.deep.equal([
      ["otherDatacenter", true],
      ["otherCluster", true],
      ["otherVersion", true],
    ]);
    const consulVersion = CONSUL_VERSIONS[DEFAULT_CONSUL];
    expect(plan.cluster).to.include({ datacenter: "dc1", consulVersion, index });
    expect(await readdir(folder.path)).not.to.include("planned");
  });
});

/** Without the catalog, in which servers write down that one of them is gone. */
function written({ digests }: ClusterState): [string, string][] {
  return Object.entries(digests).filter(([type]) => type !== "Register");
}

describe("a restore into a cluster of three", function () {
  this.timeout(240_000);

  it("is refused with a server down, with an election under way, and without a leader; and allowed where that is meant", async () => {
    const folder = await temporaryFolder();
    // Else autopilot would soon forget the dead server, and the cluster would be well.
    const config = { ...QUIET.config, autopilot: { cleanup_dead_servers: false } };
    const cluster = await startCluster(3, { config });
    try {
      const leader = await cluster.leader();
      const [one, two] = await cluster.followers();
      await fill(leader);
      const at = { address: one!.address };
      await federated(one!, 1);
      const archive = (await saveTo(`${folder.path}/`, at)).saved.manifest.location;
      const before = await clusterState(one!);

      // The leader dies while it is watched: there is another in seconds, and one server is missing.
      const said: string[] = [];
      const dying = restoreFrom(archive, at, {
        limits: { observation: OBSERVATION },
        heard: (message) => {
          if (message !== "observing the cluster") return;
          said.push(message);
          void leader.kill();
        },
      });
      const { error: election } = await dying;
      expect(said).to.have.lengthOf(1);
      expect(election?.code).to.equal("RESTORE_REFUSED");
      expect(election?.message).to.include("guard unhealthyCluster");
      expect(written(await clusterState(one!))).to.deep.equal(written(before));

      // Then the new leader has written down what became of the old one.
      await until("the dead server to be known as such", async () => {
        const checks = (await one!.api(`/v1/health/node/${leader.name}`)) as { Status: string }[];
        return checks.some(({ Status }) => Status === "critical") ? true : undefined;
      });
      const settled = await clusterState(one!);
      const down = await restoreFrom(archive, at);
      expect(down.error?.message).to.include("guard unhealthyCluster").and.include(leader.name);
      expect(await clusterState(one!)).to.deep.equal(settled);
      const allowed = await restoreFrom(archive, at, { request: { allow: ["unhealthyCluster"] } });
      expect(allowed.said.warn.join()).to.include("overridden unhealthyCluster");
      // The archive tells that the dead server is well, and the leader may write already that it is not.
      for (const { reason } of allowed.restored?.differences ?? []) expect(reason).to.include("servers and agents");
      expect(allowed.restored?.outcome).to.be.oneOf(["exact", "drift"]);

      const held = written(await clusterState(one!));
      await two!.kill();
      const headless = await restoreFrom(archive, at, { request: { allow: ["unhealthyCluster"] } });
      expect(headless.error?.code).to.equal("RESTORE_REFUSED");
      expect(headless.error?.message).to.include("guard leader");
      expect(written(await clusterState(one!, true))).to.deep.equal(held);
    } finally {
      await cluster.stop();
      await folder.remove();
    }
  });
});
