import { expect } from "chai";
import type { SnapshotMeta } from "../../../provider/archive/reader";
import type { ClusterFacts } from "../../../provider/consul/agentFacts";
import type { ClusterIdentity } from "../../../provider/consul/clusterIdentity";
import { SnapshotError } from "../../../provider/errors";
import { readClusterFacts } from "../../../provider/save/clusterFacts";

const FACTS = { datacenter: "dc1", consulVersion: "1.13.9" };
const ID = "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11";
const OTHER_ID = "00000000-5b53-9d5e-0f7a-4f2a4a1f6d11";
const meta = { servers: [{ id: "one", address: "10.0.0.1:8300", suffrage: 0 }] } as unknown as SnapshotMeta;

async function read(
  identity: () => Promise<ClusterIdentity>,
  agent: ClusterFacts = FACTS,
  archived: SnapshotMeta = meta,
) {
  const [warnings, notes] = [[] as string[], [] as string[]];
  const reporter = {
    signal: new AbortController().signal,
    status: () => undefined,
    info: (message: string) => void notes.push(message),
    warn: (message: string) => void warnings.push(message),
  };
  const client = { agent: () => Promise.resolve(agent), identity };
  return { facts: await readClusterFacts(client, archived, "http://consul:8500", reporter), warnings, notes };
}

describe("the facts about the cluster of an archive", () => {
  it("are those of the cluster that the archive is from", async () => {
    const same = { serverIds: ["two", "one"], serverAddresses: [] };
    expect(await read(() => Promise.resolve(same))).to.deep.equal({ facts: FACTS, warnings: [], notes: [] });
  });

  it("are left out, with a warning, where another cluster answers", async () => {
    for (const other of [
      { serverIds: ["two"], serverAddresses: ["10.0.0.1:8300"] },
      { serverIds: [], serverAddresses: ["10.0.0.2:8300"] },
    ]) {
      const { facts, warnings, notes } = await read(() => Promise.resolve(other));
      expect(facts).to.deep.equal({});
      expect(warnings).to.have.lengthOf(1);
      expect(warnings.join()).to.include("another cluster").and.include("http://consul:8500");
      expect(notes).to.deep.equal([]);
    }
  });

  it("are taken where it is unknown which cluster answers", async () => {
    const unknown = { serverIds: [], serverAddresses: [] };
    expect((await read(() => Promise.resolve(unknown))).facts).to.deep.equal(FACTS);
    const failing = () => Promise.reject(new SnapshotError("CONSUL_DENIED", "denied", ""));
    expect((await read(failing)).facts).to.deep.equal(FACTS);
  });

  it("that remain unknown are said once, with the reason", async () => {
    const same = () => Promise.resolve({ serverIds: ["one"], serverAddresses: [] });
    const unknownReason = "the token may not read /v1/agent/self (agent:read)";
    const { warnings, notes } = await read(same, { datacenter: "dc1", unknownReason });
    expect(warnings).to.deep.equal([]);
    expect(notes).to.deep.equal([`the Consul version is unknown: ${unknownReason}`]);
  });

  it("are left out where another cluster gave them, and the right one identified itself", async () => {
    const archived = { servers: [{ id: ID, address: "10.0.0.1:8300", suffrage: 0 }] } as unknown as SnapshotMeta;
    const right = () => Promise.resolve({ serverIds: [ID], serverAddresses: [] });
    const ofOther = await read(right, { ...FACTS, serverIds: [OTHER_ID] }, archived);
    expect(ofOther.facts).to.deep.equal({});
    expect((await read(right, { ...FACTS, serverIds: [ID, OTHER_ID] }, archived)).facts).to.deep.equal(FACTS);
    // With Raft protocol 2, the archive's ids are addresses.
    const one = () => Promise.resolve({ serverIds: ["one"], serverAddresses: [] });
    expect((await read(one, { ...FACTS, serverIds: [OTHER_ID] })).facts).to.deep.equal(FACTS);
  });
});
