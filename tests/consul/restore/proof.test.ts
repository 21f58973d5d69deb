import { OBSERVATION } from "../../../provider/restore/prepare";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { archiveOf, metaJson } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { type ConsulServer, fill, startConsul, until } from "../../support/consul/consul";
import { type ConsulProxy, consulProxy } from "../../support/faults/consulProxy";
import { federated } from "../../support/consul/federated";
import { outcomeForUsers, restoreFrom } from "../../support/programs/restoring";
import { saveTo, temporaryFolder } from "../../support/programs/saving";

describe("the proof of a restore", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: ConsulServer;
  let proxy: ConsulProxy;
  let archive: string;

  const put = (path: string, body?: unknown): Promise<unknown> => server.api(path, { method: "PUT", body });

  beforeEach(async () => {
    [folder, server] = [await temporaryFolder(), await startConsul({ acl: true })];
    proxy = await consulProxy(server.address);
    await fill(server);
    await federated(server, 1);
    archive = (await saveTo(`${folder.path}/`, connection())).saved.manifest.location;
  });
  afterEach(async () => {
    await proxy.stop();
    await server.stop();
    await folder.remove();
  });

  function connection(): { address: string; token: string } {
    return { address: proxy.address, token: server.token ?? "" };
  }

  /** What writers do in the moment between the restore and the reading. */
  async function restoreThen(work: () => Promise<unknown>) {
    proxy.afterRestore(work);
    return restoreFrom(archive, connection(), { safety: `${folder.path}/safety/` });
  }

  it("takes what is newer than the restore for what it is: written, written over, deleted", async () => {
    const policies = (await server.api("/v1/acl/policies")) as { ID: string; Name: string }[];
    const removable = policies.find(({ Name }) => Name === "policy-0");
    const { restored } = await restoreThen(async () => {
      await put("/v1/kv/new", "1");
      await put("/v1/kv/fill/0/1", "written over");
      await server.api("/v1/kv/fill/0/2", { method: "DELETE" });
      await put("/v1/acl/policy", { Name: "new", Rules: "" });
      await server.api(`/v1/acl/policy/${removable?.ID ?? ""}`, { method: "DELETE" });
      await put("/v1/config", { Kind: "service-defaults", Name: "service-0", Protocol: "grpc" });
      await put("/v1/session/create", { Node: server.name, Name: "new", Checks: [] });
    });
    expect(restored?.outcome).to.equal("drift");
    const reasons = Object.fromEntries((restored?.differences ?? []).map(({ type, reason }) => [type, reason]));
    expect(reasons).to.deep.include({
      KVS: "2 written after the restore, 2 of the archive overwritten or deleted after it",
      ACLPolicy: "1 written after the restore, 1 of the archive overwritten or deleted after it",
      ConfigEntry: "1 written after the restore, 1 of the archive overwritten or deleted after it",
    });
    expect(reasons.Session).to.include("servers and agents");
  });

  it("takes what is written while it looks for what it is, also where nothing differed before", async () => {
    proxy.afterRestore(() => put("/v1/acl/policy", { Name: "new", Rules: "" }));
    const { restored, error } = await restoreFrom(archive, connection(), {
      heard: (message) => {
        if (message.startsWith("comparing records")) proxy.beforeSnapshot(() => put("/v1/kv/late", "1"));
      },
    });
    expect(error?.message).to.equal(undefined);
    expect(restored?.outcome).to.equal("drift");
    expect(restored?.differences.map(({ type, reason }) => `${type}: ${reason}`)).to.include.members([
      "ACLPolicy: 1 written after the restore",
      "KVS: 1 written after the restore",
    ]);
  });

  it("takes a recursive delete for what it is", async () => {
    const { restored } = await restoreThen(() => server.api("/v1/kv/fill/?recurse", { method: "DELETE" }));
    expect(restored?.outcome).to.equal("drift");
    const [keys] = (restored?.differences ?? []).filter(({ type }) => type === "KVS");
    expect(keys?.reason).to.equal("20 of the archive overwritten or deleted after it");
  });

  it("takes an error that came after the restore for what it is, and sends nothing again", async () => {
    // Without a change of users', a restored cluster may look like the one before.
    await put("/v1/kv/changed", "since");
    proxy.failAfterRestore();
    const ended = await restoreThen(() => Promise.resolve());
    expect(outcomeForUsers(ended)).to.equal("as archived");
    expect(ended.said.warn.join()).to.include("timed out waiting to re-run leader actions");
    expect(proxy.restores()).to.equal(1);
  });

  it("reports a server that stopped answering as such, with a way back that works", async () => {
    const direct = { address: server.address, token: server.token ?? "" };
    let crash: Promise<void> | undefined;
    const { error, attempt } = await restoreFrom(archive, direct, {
      safety: `${folder.path}/safety/`,
      limits: { leaderMs: 1500 },
      heard: (message) => {
        if (message.includes("to become stable")) crash ??= server.kill();
      },
    });
    await crash;
    expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
    // The exact time is tested with `waitForVoters`.
    expect(error?.message).to.match(
      /stopped answering after it confirmed the restore, and has not answered for \d+(\.\d)? s/,
    );
    expect(error?.hint).to.include('"failed to restore snapshot"').and.include(attempt?.safetySnapshot);

    await rm(join(server.dataDir, "raft"), { recursive: true });
    await server.start();
    // A new leader makes the token of the configuration some time after its election.
    await until("a leader that knows the token", async () =>
      server.api("/v1/acl/token/self").then(
        () => true,
        () => undefined,
      ),
    );
    const back = await restoreFrom(attempt?.safetySnapshot ?? "", direct);
    expect(back.error?.message).to.equal(undefined);
    expect(back.restored?.outcome).to.be.oneOf(["exact", "drift"]);
  });

  it("does not take a cluster for restored that holds the same keys as the archive, when the restore was cut", async () => {
    await put("/v1/catalog/register", { Node: "late", Address: "10.0.0.9", Service: { Service: "late" } });
    const cut = proxy.next("cut");
    const { error } = await restoreFrom(archive, connection(), {
      safety: `${folder.path}/safety/`,
      // The leader still writes by itself for a moment after the restore of the test before.
      limits: { observation: OBSERVATION, unchangedMs: 3000 },
    });
    await cut;
    expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
    expect(error?.message).to.include("the cluster is as it was before");
  });

  it("knows a server that says it is done and has done nothing", async () => {
    await put("/v1/kv/changed", "since");
    proxy.lie();
    const { error, attempt } = await restoreFrom(archive, connection(), {
      safety: `${folder.path}/safety/`,
      // Nothing brings the cluster on.
      limits: { leaderMs: 500 },
    });
    expect(error?.code).to.equal("RESTORE_WRONG");
    expect(error?.message).to.include("holds what it held before");
    expect(error?.hint).to.include(
      `consul-snapshot restore '${attempt?.safetySnapshot ?? "?"}' --safety-snapshot none --http-addr 'http://${proxy.address}' --cluster '${attempt?.serverIds[0] ?? "?"}'`,
    );
  });

  it("does not take tokens from before Consul 1.4 for lost, nor for equal: servers convert them", async () => {
    const raft = (await server.api("/v1/operator/raft/configuration")) as { Servers: { ID: string }[] };
    const Servers = raft.Servers.map(({ ID }) => ({ Suffrage: 0, ID, Address: "127.0.0.1:8300" }));
    const ID = "5f2e7a10-0000-4000-8000-000000000001";
    const legacy = { ID, Name: "old", Type: "client", Rules: 'key "a" { policy = "read" }', CreateIndex: 4 };
    const state = stateOf([keyValue("a", "1", 3), { type: 4, value: { ...legacy, ModifyIndex: 4 } }], 20);
    const path = `${folder.path}/legacy.snap`;
    await writeFile(path, archiveOf(state, metaJson(state.length, { Configuration: { Servers } })));
    const { error } = await restoreFrom(path, connection(), {
      request: { allow: ["otherVersion"] },
      limits: { leaderMs: 500 },
    });
    expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
    expect(error?.message).to.include("some records cannot be compared (ACL: 1 that cannot be compared;");
  });

  it("knows a cluster that holds a record more, a record less, or another value", async () => {
    const records = [keyValue("a", "1", 3), keyValue("b", "2", 4), keyValue("c", "3", 5)];
    // The servers' ids are those of this cluster: else it would be known at once that another one answers.
    const raft = (await server.api("/v1/operator/raft/configuration")) as { Servers: { ID: string }[] };
    const Servers = raft.Servers.map(({ ID }) => ({ Suffrage: 0, ID, Address: "127.0.0.1:8300" }));
    const archiveWith = (state: Buffer): Buffer =>
      archiveOf(state, metaJson(state.length, { Configuration: { Servers } }));
    const made = archiveWith(stateOf(records, 20));
    const written = { type: 16, value: { Key: "kvs", Value: 1300 } };
    const path = `${folder.path}/made.snap`;
    const lies: [string, Parameters<typeof stateOf>[0]][] = [
      ["a record more", [...records, keyValue("d", "4", 6)]],
      ["a record less", records.slice(1)],
      ["another value", [keyValue("a", "x", 3), ...records.slice(1)]],
      ["a record less, beside an honest write", [...records.slice(1), keyValue("new", "1", 1300), written]],
    ];
    // Nobody's log will ever reach the index of what was made up.
    const limits = { leaderMs: 500 };
    await writeFile(path, made);
    for (const [lie, told] of lies) {
      proxy.lie(archiveWith(stateOf(told, 20)));
      const { error } = await restoreFrom(path, connection(), {
        request: { allow: ["otherVersion"] },
        limits,
      });
      expect(error?.code, lie).to.equal("RESTORE_WRONG");
      expect(error?.message, lie).to.match(/KVS: .*(missing|unexpected: not in the archive)/);
    }
    proxy.lie(archiveOf(stateOf(records, 20)));
    const elsewhere = await restoreFrom(path, connection(), { request: { allow: ["otherVersion"] }, limits });
    expect(elsewhere.error?.message).to.include("another cluster than was restored");
    proxy.lie(await readFile(path));
    const honest = await restoreFrom(path, connection(), { request: { allow: ["otherVersion"] }, limits });
    expect(outcomeForUsers(honest), "no lie").to.equal("as archived");
  });
});
