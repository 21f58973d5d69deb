import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { archiveOf } from "../../fixtures/archive";
import { stateOf } from "../../fixtures/state";
import {
  CONSUL_VERSIONS,
  type ConsulServer,
  DEFAULT_CONSUL,
  fill,
  startCluster,
  until,
  untilRegistered,
} from "../../support/consul/consul";
import { fillMesh, registerSidecar } from "../../support/consul/fillMesh";
import { effort } from "../../support/effort";
import { contentsByApi, untilItHolds } from "../../support/consul/contentsByApi";
import { federated } from "../../support/consul/federated";
import { planFrom, restoreFrom } from "../../support/programs/restoring";
import { saveTo, temporaryFolder } from "../../support/programs/saving";

async function change(server: ConsulServer): Promise<void> {
  await server.api("/v1/kv/fill/0/1", { method: "DELETE" });
  await server.api("/v1/kv/fill/0/2", { method: "PUT", body: "changed" });
  await server.api("/v1/kv/new", { method: "PUT", body: "new" });
  await server.api("/v1/config/service-defaults/service-0", { method: "DELETE" });
}

describe("a restore", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  for (const [binary, servers, acl] of [
    ["consul-1.13", 3, true],
    ["consul-1.14", 1, true],
    ["consul-1.14", 3, true],
    ["consul-1.14", 3, false],
    ...effort.choose([], [["consul-1.14", 1, false] as const]),
  ] as const) {
    const of = `${servers} server(s) of ${binary} ${acl ? "with" : "without"} ACLs`;
    it(`brings back everything on ${of}, and proves it`, async () => {
      const cluster = await startCluster(servers, { acl, binary });
      try {
        const leader = await cluster.leader();
        const connection = { address: leader.address, ...(leader.token === undefined ? {} : { token: leader.token }) };
        await fill(leader);
        await federated(leader, 1);
        await untilRegistered(cluster.servers);
        const before = await contentsByApi(leader);
        const { saved } = await saveTo(`${folder.path}/`, connection);
        await change(leader);
        expect(await contentsByApi(leader)).not.to.deep.equal(before);
        const { restored } = await restoreFrom(saved.manifest.location, connection, {
          safety: `${folder.path}/safety/`,
        });
        expect(restored).to.deep.include({ outcome: "exact", differences: [], adopted: false });
        for (const server of cluster.servers) await untilItHolds(server, before);

        // A sidecar that came after the archive: from 1.14 on it changes configuration entries in memory.
        await fillMesh(leader, CONSUL_VERSIONS[binary]);
        const mesh = (await saveTo(`${folder.path}/`, connection)).saved.manifest.location;
        await registerSidecar(leader, "web");
        const late = await restoreFrom(mesh, connection);
        expect(late.error?.message).to.equal(undefined);
        for (const { type, reason } of late.restored?.differences ?? []) {
          expect(`${type}: ${reason}`).to.match(
            /^(Register|Session|ServiceVirtualIP|FreeVirtualIP): servers and agents/,
          );
        }
      } finally {
        await cluster.stop();
      }
    });
  }

  it('needs no other rule than acl = "write": the state itself says which Consul the servers run', async () => {
    const cluster = await startCluster(1, { acl: true });
    try {
      const [server] = cluster.servers as [ConsulServer];
      await fill(server);
      await server.api("/v1/acl/policy", { method: "PUT", body: { Name: "restore", Rules: 'acl = "write"' } });
      const made = await server.api("/v1/acl/token", { method: "PUT", body: { Policies: [{ Name: "restore" }] } });
      const token = (made as { SecretID: string }).SecretID;
      await federated(server, 1);
      await untilRegistered(cluster.servers);
      const { saved } = await saveTo(`${folder.path}/`, { address: server.address, token: server.token ?? "" });
      const archive = saved.manifest.location;
      await change(server);

      const plan = await planFrom(archive, { address: server.address, token });
      if ("earlier" in plan) throw new Error("it has begun before");
      expect(plan.refusal).to.equal(undefined);
      const version = CONSUL_VERSIONS[DEFAULT_CONSUL];
      expect(plan.cluster.consulVersion).to.equal(version);
      const messages = Object.fromEntries(plan.guards.map(({ name, message }) => [name, message]));
      expect(messages).to.include({
        restorable: `Consul ${version} restores it (tried)`,
        otherDatacenter: "the archive is from this cluster",
        otherVersion: `Consul ${version} wrote the archive, and the servers run ${version}`,
      });

      const foreign = `${folder.path}/newer.snap`;
      await writeFile(foreign, archiveOf(stateOf([{ type: 42, value: "\x0a\x04\x1a\x00\x22\x00" }])));
      const refused = await restoreFrom(foreign, { address: server.address, token });
      expect(refused.error?.message).to.include(`${version} cannot restore it (guard restorable)`);

      const { restored } = await restoreFrom(archive, { address: server.address, token });
      expect(restored).to.deep.include({ outcome: "exact", differences: [] });
    } finally {
      await cluster.stop();
    }
  });

  it("of a cluster that is written to all the while is proved, and tells of it", async () => {
    const cluster = await startCluster(3);
    let written = 0;
    const over = new AbortController();
    try {
      const leader = await cluster.leader();
      await fill(leader);
      const { saved } = await saveTo(`${folder.path}/`, { address: leader.address });
      const before = await leader.api("/v1/kv/fill/?recurse");
      const writer = (async (): Promise<void> => {
        while (!over.signal.aborted) {
          const put = { method: "PUT", body: "value" };
          // While the leader restores, writes fail: that is theirs to bear.
          await leader.api(`/v1/kv/writer/${written}`, put).then(
            () => written++,
            () => undefined,
          );
        }
      })();
      await until("the writer to write", () => Promise.resolve(written > 10 ? true : undefined));
      const { restored } = await restoreFrom(saved.manifest.location, { address: leader.address });
      over.abort();
      await writer;
      expect(restored?.outcome).to.equal("drift");
      const [keys] = (restored?.differences ?? []).filter(({ type }) => type === "KVS");
      expect(keys?.reason).to.match(/^\d+ written after the restore$/);
      expect(await leader.api("/v1/kv/fill/?recurse")).to.deep.equal(before);
      const left = (await leader.api("/v1/kv/writer/?keys")) as string[];
      expect(left, "what was written before the restore").not.to.include("writer/0");
    } finally {
      over.abort();
      await cluster.stop();
    }
  });
});
