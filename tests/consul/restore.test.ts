import { expect } from "chai";
import { type ConsulServer, fill, startCluster, until } from "../support/consul";
import { contentsByApi, untilItHolds } from "../support/contentsByApi";
import { federated } from "../support/federated";
import { restoreFrom } from "../support/restoring";
import { saveTo, temporaryFolder } from "../support/saving";

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

  for (const [servers, acl] of [
    [1, true],
    [3, true],
    [3, false],
  ] as const) {
    it(`brings back everything on ${servers} server(s) ${acl ? "with" : "without"} ACLs, and proves it`, async () => {
      const cluster = await startCluster(servers, { acl });
      try {
        const leader = await cluster.leader();
        const connection = { address: leader.address, ...(leader.token === undefined ? {} : { token: leader.token }) };
        await fill(leader);
        await federated(leader, 1);
        const before = await contentsByApi(leader);
        const { saved } = await saveTo(`${folder.path}/`, connection);
        await change(leader);
        expect(await contentsByApi(leader)).not.to.deep.equal(before);
        const { restored } = await restoreFrom(saved.manifest.location, connection, {
          safety: `${folder.path}/safety/`,
        });
        expect(restored).to.deep.include({ outcome: "exact", differences: [], adopted: false });
        for (const server of cluster.servers) await untilItHolds(server, before);
      } finally {
        await cluster.stop();
      }
    });
  }

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
