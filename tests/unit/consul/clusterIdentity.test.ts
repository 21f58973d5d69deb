import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { RESTORE_VOCABULARY } from "../../../provider/args/vocabulary";
import { readAgent } from "../../../provider/consul/agentFacts";
import { isRequestedCluster } from "../../../provider/restore/guardChecks";
import { registerSecret } from "../../../provider/text";
import {
  areCopies,
  areOnlyAddressesKnown,
  type ClusterIdentity,
  compareClusters,
  compareNodes,
  describeIdentity,
  identityOfServers,
  readMarks,
  readPeers,
  readRaftIdentity,
} from "../../../provider/consul/clusterIdentity";

const cluster = (serverIds: string[], serverAddresses: string[] = []): ClusterIdentity => ({
  serverIds,
  serverAddresses,
});

const readNodeIds = (id: string): string[] => {
  const Config = { Datacenter: "dc1", Version: "1.13.9", Server: true, NodeID: id };
  const nodeId = readAgent({ Config })?.nodeId;
  return nodeId === undefined ? [] : [nodeId];
};

const restoreOf = (identity: ClusterIdentity, clusterServer: string) => ({
  ...{ vocabulary: RESTORE_VOCABULARY, clusterServer },
  cluster: { address: "http://127.0.0.1:8500", identity },
});

describe("the identity of a cluster", () => {
  it("is the same while one server stays", () => {
    expect(compareClusters(cluster(["a", "b", "c"]), cluster(["c", "d", "e"]))).to.equal("same");
    expect(compareClusters(cluster(["a", "b"]), cluster(["c"]))).to.equal("other");
  });

  it("is known by its servers' addresses where the ids of one side are not", () => {
    expect(compareClusters(cluster([], ["1:8300"]), cluster(["a"], ["1:8300", "2:8300"]))).to.equal("same");
    expect(compareClusters(cluster([], ["1:8300"]), cluster(["a"], ["2:8300"]))).to.equal("other");
    expect(compareClusters(cluster(["a"], ["1:8300"]), cluster(["b"], ["1:8300"])), "ids decide").to.equal("other");
  });

  it("is another one where a mark differs that is known of both, though the addresses are equal", () => {
    const marked = (marks: Record<string, string>) => ({ ...cluster([], ["1:8300"]), marks });
    const one = marked({ token: "a 1", trustDomain: "a.consul" });
    expect(compareClusters(one, one)).to.equal("same");
    expect(compareClusters(one, marked({ token: "b 1", trustDomain: "a.consul" }))).to.equal("other");
    expect(compareClusters(one, marked({ trustDomain: "a.consul" })), "what one side does not know").to.equal("same");
    expect(compareClusters({ ...one, serverAddresses: [] }, { ...one, serverAddresses: [] })).to.equal("same");
    expect(compareClusters(one, { ...one, serverAddresses: ["2:8300"] })).to.equal("other");
    expect(areOnlyAddressesKnown(one, marked({}))).to.equal(true);
    expect(areOnlyAddressesKnown(one, marked({ token: "a 1" }))).to.equal(false);
    expect(areOnlyAddressesKnown(cluster(["a"]), cluster(["a"]))).to.equal(false);
  });

  it("has as marks what every token may read, and no secret", () => {
    const token = { AccessorID: "a", SecretID: "secret", CreateTime: "2026-11-27T11:18:42.5Z", Hash: "h" };
    const roots = { ActiveRootID: "r", TrustDomain: "d.consul", Roots: [] };
    expect(readMarks(token, roots)).to.deep.equal({ token: "a 2026-11-27T11:18:42.5Z", trustDomain: "d.consul" });
    expect(readMarks({ ...token, CreateTime: 5 }, { TrustDomain: "" })).to.deep.equal({});
    expect(readMarks(undefined, "x")).to.deep.equal({});
  });

  it("is another one at the same moment where all servers with its ids have other addresses", () => {
    const original = cluster(["a", "b"], ["1:8300", "2:8300"]);
    expect(areCopies(original, cluster(["a", "b"], ["8:8300", "9:8300"]))).to.equal(true);
    expect(areCopies(original, cluster(["b", "c"], ["2:8300", "9:8300"])), "a server was replaced").to.equal(false);
    expect(areCopies(original, cluster(["a"], []))).to.equal(false);
    expect(areCopies(original, cluster([], ["8:8300"]))).to.equal(false);
  });

  it("is not known by ids that are addresses, as with Raft protocol 2", () => {
    const [one, other] = ["d4a2b4a0-0000-4000-8000-000000000000", "d4a2b4a0-0000-4000-8000-000000000001"];
    expect(compareNodes(cluster(["172.17.0.2:8300"]), ["172.17.0.2:8300"])).to.equal("unknown");
    expect(compareNodes(cluster([one]), [one])).to.equal("same");
    expect(compareNodes(cluster([one]), [other])).to.equal("other");
  });

  it("is unknown where nothing can be compared", () => {
    expect(compareClusters(cluster([]), cluster(["a"], ["1:8300"]))).to.equal("unknown");
    expect(compareClusters(cluster(["a"]), cluster([], ["1:8300"]))).to.equal("unknown");
  });

  it("is read from Consul's answers and from meta.json, and from nothing else", () => {
    const answer = { Servers: [{ ID: "a", Address: "1:8300" }, { ID: "", Address: 5 }, null] };
    expect(readRaftIdentity(answer)).to.deep.equal(cluster(["a"], ["1:8300"]));
    for (const other of [undefined, {}, { Servers: "a" }, { Servers: [{ Address: "1:8300" }] }]) {
      expect(readRaftIdentity(other)).to.equal(undefined);
    }
    expect(readPeers(["1:8300", 5, ""])).to.deep.equal(["1:8300"]);
    expect(readPeers({})).to.deep.equal([]);
    expect(identityOfServers([{ id: "a", address: "1:8300" }])).to.deep.equal(cluster(["a"], ["1:8300"]));
  });

  it("is compared by what the ids are, not by what could be shown of them", () => {
    const secrets = [randomUUID(), randomUUID()];
    // As a program does that marks `cluster` as a secret, and a proxy that answers with the tokens of requests.
    secrets.forEach(registerSecret);
    const [one, other] = secrets.map((id) => readRaftIdentity({ Servers: [{ ID: id, Address: "1:8300" }] })!);
    expect(compareClusters(one!, other!)).to.equal("other");
    expect(compareNodes(one!, readNodeIds(secrets[1]!))).to.equal("other");
    expect(compareNodes(one!, readNodeIds(secrets[0]!))).to.equal("same");
    expect(isRequestedCluster(restoreOf(one!, secrets[0]!))).to.deep.include({ ok: true });
    expect(isRequestedCluster(restoreOf(one!, secrets[1]!))).to.deep.include({ ok: false });
    const odd = (id: string) => identityOfServers([{ id, address: "" }]);
    expect(compareClusters(odd("a\u0001"), odd("a\u0002"))).to.equal("other");
    expect(JSON.stringify([one, odd("a\u001b[31m")])).not.to.match(new RegExp(`${secrets[0]}|u001b`));
  });

  it("is described by one server", () => {
    expect(describeIdentity(cluster(["a", "b", "c"]))).to.equal("server a and 2 more");
    expect(describeIdentity(cluster([], ["1:8300"]))).to.equal("server 1:8300");
    expect(describeIdentity(cluster([]))).to.equal("unknown servers");
  });
});
