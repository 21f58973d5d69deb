import { expect } from "chai";
import { ServerVersions } from "../../../provider/archive/serverVersions";
import { archiveOf } from "../../fixtures/archive";
import { readArchive } from "../../fixtures/reading";
import { stateOf, type StateRecord, type Value } from "../../fixtures/state";

/** The server of `metaJson`. */
const SERVER = "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11";

function registration(version: Value, changes: Readonly<Record<string, Value>> = {}, id = "consul"): StateRecord {
  const Service = { ID: id, Service: "consul", Meta: { version } };
  return { type: 0, value: { ID: SERVER, Node: "server", PeerName: "", Service, ...changes } };
}

async function versionsIn(...records: readonly StateRecord[]): Promise<string[]> {
  const versions = new ServerVersions();
  const report = await readArchive(archiveOf(stateOf(records)), undefined, { see: versions.see });
  return versions.of(report.meta);
}

describe("the servers' versions in a state", () => {
  it("are those that the servers have registered", async () => {
    for (const version of ["1.14.11", "1.16.2+ent", "1.21.0-dev"]) {
      expect(await versionsIn(registration(version))).to.deep.equal([version]);
    }
    expect(await versionsIn(registration("1.14.11"), registration("1.14.11"))).to.deep.equal(["1.14.11"]);
  });

  it("are unknown where a server is not registered, or is registered by a peer", async () => {
    expect(await versionsIn()).to.deep.equal([]);
    expect(await versionsIn(registration("1.14.11", { ID: "another" }))).to.deep.equal([]);
    expect(await versionsIn(registration("1.14.11", { PeerName: "peer" }))).to.deep.equal([]);
  });

  it("are unknown where a server has registered something else", async () => {
    for (const text of [
      "1.14.11, and every guard was checked by hand",
      "1.14.11\nrestorable: yes",
      `1.14.${"1".repeat(200)}`,
      "one",
      "",
    ]) {
      expect(await versionsIn(registration(text)), text).to.deep.equal([]);
    }
  });

  it("are unknown where a node is registered with several", async () => {
    const [real, forged] = [registration("1.14.11"), registration("1.22.0", {}, "consul-2")];
    expect(await versionsIn(real, forged)).to.deep.equal([]);
    expect(await versionsIn(real, forged, real)).to.deep.equal([]);
  });
});
