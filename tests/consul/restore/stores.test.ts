import { expect } from "chai";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import { type ConsulServer, fillKv, startConsul } from "../../support/consul/consul";
import { type ConsulProxy, consulProxy } from "../../support/faults/consulProxy";
import { federated } from "../../support/consul/federated";
import { outcomeForUsers, restoreFrom, warningsForUsers } from "../../support/programs/restoring";
import { saveTo } from "../../support/programs/saving";
import { STORES } from "../../support/stores/stores";
import { Ground } from "../../support/stores/ground";

describe("a restore from a bucket, with its safety snapshot there", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let proxy: ConsulProxy;

  before(async () => {
    consul = await startConsul({ config: { disable_coordinates: true } });
    await fillKv(consul, { keys: 20, bytes: 1000 });
    await federated(consul, 1);
    proxy = await consulProxy(consul.address);
  });
  after(async () => {
    await proxy.stop();
    await consul.stop();
  });

  for (const kind of STORES.slice(1)) {
    it(`is done once: ${kind.name}`, async () => {
      const ground = new Ground(kind);
      await ground.start();
      try {
        await consul.api("/v1/kv/who", { method: "PUT", body: "the archive" });
        const url = (folder: string): string => ground.server.url(folder);
        const archive = (await saveTo(url("archives/"), { address: consul.address })).saved.manifest.location;
        await consul.api("/v1/kv/who", { method: "PUT", body: "the cluster" });
        const restoresBefore = proxy.restores();
        const restore = (safety: string) =>
          restoreFrom(archive, { address: proxy.address }, { request: { runId: kind.name, ...at(safety) } });
        const at = (folder: string) => ({ safetySnapshot: { target: parseLocation(url(folder)) } });

        const first = await restore("safety/");
        const { restored } = first;
        expect([outcomeForUsers(first), restored?.adopted]).to.deep.equal(["as archived", false]);
        expect(warningsForUsers(first)).to.deep.equal([]);
        expect(await consul.api("/v1/kv/who?raw")).to.equal("the archive");
        expect(restored?.safetySnapshot).to.match(/safety\/consul-dc1-.*\.snap/);
        const results = [];
        for (const folder of ["archives/", "safety/"]) results.push(...(await receiptsIn(url(folder))));
        expect(results).to.deep.equal([restored?.outcome, restored?.outcome]);

        await consul.api("/v1/kv/who", { method: "PUT", body: "someone, after the restore" });
        for (const folder of ["safety/", "elsewhere/"]) {
          // The cluster is read back, and was written to since.
          expect((await restore(folder)).restored).to.include({ outcome: "drift", adopted: true });
        }
        expect(proxy.restores() - restoresBefore).to.equal(1);
        expect(await consul.api("/v1/kv/who?raw")).to.equal("someone, after the restore");
      } finally {
        await ground.stop();
      }
    });
  }
});

/** What the receipts of a folder tell. */
async function receiptsIn(url: string): Promise<(string | undefined)[]> {
  const place = parseLocation(url);
  const store = await openStore(place);
  const outcomes = [];
  try {
    for await (const { key } of store.list(place.key.replace(/[^/]*$/, ""))) {
      if (!key.endsWith(".receipt.json")) continue;
      const parts: Uint8Array[] = [];
      for await (const part of store.read(key)) parts.push(part);
      const { result } = JSON.parse(Buffer.concat(parts).toString()) as { result?: { outcome: string } };
      outcomes.push(result?.outcome);
    }
  } finally {
    store.close();
  }
  return outcomes;
}
