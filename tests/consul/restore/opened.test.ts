import { expect } from "chai";
import { DONE } from "../../../cli/restore/restore";
import { ConsulClient, type SnapshotRequest } from "../../../provider/consul/client";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { saveTo } from "../../support/programs/saving";
import { restoreAtTerminal, whenAsked } from "../../support/programs/terminalRestore";
import { countStores } from "../../support/stores/countedBackend";

describe("what an interactive restore opens", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  before(async () => (consul = await startConsul()));
  after(() => consul.stop());

  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its client
  const { snapshot } = ConsulClient.prototype;
  const clients = new Set<ConsulClient>();
  let snapshots = 0;
  before(() => {
    ConsulClient.prototype.snapshot = function (request: SnapshotRequest) {
      clients.add(this);
      snapshots++;
      return snapshot.call(this, request);
    };
  });
  after(() => (ConsulClient.prototype.snapshot = snapshot));

  it("is one Consul client and each store once, and the archive is verified once", async () => {
    countStores();
    await consul.api("/v1/kv/who", { method: "PUT", body: "the archive" });
    const { address } = consul;
    const archive = (await saveTo("counted://archives/", { address })).saved.manifest.location;
    await consul.api("/v1/kv/who", { method: "PUT", body: "somebody else" });
    const counts = countStores();
    clients.clear();
    snapshots = 0;
    const ofArchive = (): number => counts.read.filter((location) => location === archive).length;
    let readWhenAsked = 0;
    let whenSending: { readonly read: number; readonly snapshots: number } | undefined;
    const { code, out, err } = await restoreAtTerminal(
      archive,
      { httpAddr: address, safetySnapshot: "counted://safety/" },
      whenAsked((person) => {
        readWhenAsked = ofArchive();
        person.type("dc1");
      }),
      () => (whenSending ??= { read: ofArchive(), snapshots }),
    );
    expect(code, err).to.equal(DONE);
    expect(await consul.api("/v1/kv/who?raw")).to.equal("the archive");
    expect(out).to.include("counted://safety/consul-dc1-");
    expect(readWhenAsked).to.equal(1);
    // The second time it is read to be sent. Snapshots are taken for the plan and for safety; the result is read back later.
    expect(whenSending).to.deep.equal({ read: 2, snapshots: 2 });
    expect([...counts.opened].sort()).to.deep.equal(["archives", "safety"]);
    expect(clients.size).to.equal(1);
  });
});
