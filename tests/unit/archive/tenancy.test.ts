import { expect } from "chai";
import { restorableOn } from "../../../provider/archive/restorable";
import { archiveOf } from "../../fixtures/archive";
import { readArchive } from "../../fixtures/reading";
import { encode, type StateRecord, stateOf, type Value } from "../../fixtures/state";

const coordinate = { Node: "node-1", Segment: "", Coord: { Vec: [0.5], Error: 1.5, Adjustment: 0.1, Height: 1e-5 } };

const judge = async (state: Buffer, version: string) => restorableOn(await readArchive(archiveOf(state)), version);

describe("what a server drops from records", () => {
  const ID = "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11";
  const OTHER = "85c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d22";
  const node = (ID: string, more: { readonly [key: string]: Value } = {}, Node = "n"): StateRecord => ({
    type: 0,
    value: { Datacenter: "dc1", ID, Node, Address: "10.0.0.1", ...more },
  });
  const EAST = { Partition: "east" };
  const PEER = { PeerName: "p" };
  const verdicts = async (records: StateRecord[]) => {
    const versions = ["1.12.9", "1.13.9", "1.14.11", "1.14.11+ent"];
    const found = await Promise.all(versions.map((version) => judge(stateOf(records), version)));
    return found.map((verdict) => (verdict?.restorable === true ? verdict.basis : verdict?.problems[0]?.code));
  };

  it("refuses nodes that only their partition distinguishes, for Community Edition", async () => {
    const refused = ["STATE_UNKNOWN_RECORD", "STATE_UNKNOWN_RECORD", "STATE_UNKNOWN_RECORD", "source"];
    const dropped = ["source", "source", "source", "source"];
    expect(await verdicts([node(ID), node(OTHER, EAST)])).to.deep.equal(refused);
    expect(await verdicts([node(OTHER, EAST), node(ID)])).to.deep.equal(refused);
    expect(await verdicts([node(ID, EAST), node(OTHER, { Partition: "west" })])).to.deep.equal(refused);
    expect(await verdicts([node(ID), node(ID, EAST, "m")])).to.deep.equal(refused);
    expect(await verdicts([node(ID), node(OTHER, EAST, "N")])).to.deep.equal(refused);
    expect(await verdicts([node(ID), node(OTHER, EAST, "m")])).to.deep.equal(dropped);
    expect(await verdicts([node(ID), node(ID, EAST)])).to.deep.equal(dropped);
    expect((await judge(stateOf([node(ID), node(OTHER, EAST)]), "1.14.11"))?.problems[0]?.message).to.equal(
      "it holds nodes of the same name or id in different partitions, which are one node there: 1.14.11 cannot restore it",
    );
  });

  it("knows the name of the default partition, and refuses the one of the local peer", async () => {
    const tried = ["tried", "tried", "tried", "source"];
    const undecodable = Array.from(tried, () => "STATE_UNDECODABLE");
    expect(await verdicts([node(ID, { Partition: "Default" }), node(ID)])).to.deep.equal(tried);
    expect(await verdicts([node(ID), node(OTHER, { Partition: "default" })])).to.deep.equal(undecodable);
    expect(await verdicts([node(ID, { PeerName: "~" })])).to.deep.equal(undecodable);
  });

  it("refuses nodes that only their peer distinguishes, for versions without peers", async () => {
    const since = ["tried", "tried", "source"];
    expect(await verdicts([node(ID), node(OTHER, PEER)])).to.deep.equal(["STATE_UNKNOWN_RECORD", ...since]);
    expect(await verdicts([node(ID, PEER), node(OTHER, { PeerName: "q" })])).to.deep.equal([
      "STATE_UNKNOWN_RECORD",
      ...since,
    ]);
    expect(await verdicts([node(ID), node(OTHER, PEER, "m")])).to.deep.equal(["source", ...since]);
    const verdict = await judge(stateOf([node(ID), node(OTHER, PEER)]), "1.11.0");
    expect(verdict?.problems[0]?.message).to.include("in different peers");
    expect((await judge(stateOf([node(OTHER, PEER, "m")]), "1.12.9"))?.knownBy).to.equal(
      "by its source; 1 registration is of a peer, which Consul drops before 1.13",
    );
  });

  it("says that records lose their partition and their namespace, in each type", async () => {
    const NAMESPACE = { Namespace: "team" };
    const entry = (body: Value): StateRecord => ({
      type: 22,
      value: Buffer.concat([encode("service-defaults"), encode({ Entry: body })]),
    });
    const records: StateRecord[] = [
      node(ID, EAST),
      node(ID, { Service: { ID: "web", Service: "web", ...NAMESPACE } }),
      node(ID, { Check: { Node: "n", CheckID: "c", ...NAMESPACE } }),
      node(ID, { Checks: [{ Node: "n", CheckID: "c", ...NAMESPACE }] }),
      { type: 2, value: { Key: "a", ...NAMESPACE } },
      { type: 3, value: { ID, Node: "n", ...NAMESPACE } },
      { type: 6, value: [coordinate, { ...coordinate, ...EAST }] },
      { type: 17, value: { AccessorID: ID, SecretID: ID, Hash: "x", ...NAMESPACE } },
      { type: 19, value: { ID, Name: "p", ...NAMESPACE } },
      entry({ Kind: "service-defaults", Name: "web", ...NAMESPACE }),
      {
        type: 22,
        value: Buffer.concat([
          encode("proxy-defaults"),
          encode({ Entry: encode({ Kind: "proxy-defaults", Name: "global", ...EAST }) }),
        ]),
      },
      { type: 32, value: { Service: { ServiceName: { Name: "web", ...NAMESPACE }, Peer: "" }, IP: "abcd" } },
      { type: 35, value: `\x0a\x24${ID}\x12\x01p\x1a\x04east` },
      { type: 38, value: "\x12\x01p\x1a\x04east" },
    ];
    for (const record of records) {
      const verdict = await judge(stateOf([record]), "1.14.11");
      expect(verdict?.problems, JSON.stringify(record)).to.deep.equal([]);
      expect(verdict?.knownBy, JSON.stringify(record)).to.equal(
        "by its source; 1 record belongs to a partition or namespace, which Community Edition drops: of records with the " +
          "same name it keeps only one",
      );
    }
    const all = await judge(stateOf(records), "1.14.11");
    expect(all?.knownBy).to.include(`${records.length} records belong to a partition or namespace`);
    expect((await judge(stateOf(records), "1.14.11+ent"))?.knownBy).to.equal("by its source; 1.14.11 was tried");
    const plain = records.map(({ type, value }) => ({
      type,
      value: JSON.parse(JSON.stringify(value).replaceAll("team", "default").replaceAll("east", "")) as Value,
    }));
    const inDefault = plain.filter(({ type }) => ![22, 35, 38].includes(type));
    expect((await judge(stateOf(inDefault), "1.14.11"))?.basis).to.equal("tried");
  });

  it("says that a version without peers keeps only one virtual address", async () => {
    const address = (Service: Value): StateRecord => ({ type: 32, value: { Service, IP: "abcd" } });
    const [web, db] = [{ ServiceName: { Name: "web" } }, { ServiceName: { Name: "db" } }].map(address);
    const knownBy = async (version: string, ...records: StateRecord[]) =>
      (await judge(stateOf(records), version))?.knownBy;
    expect(await knownBy("1.12.9", web!, db!)).to.equal(
      "by its source; 2 virtual addresses have the form of 1.13 and later, and only one is kept",
    );
    expect(await knownBy("1.12.9", address({ Name: "web" }), address({ Name: "db" }))).to.equal("tried");
    expect(await knownBy("1.13.9", web!, db!)).to.equal("tried");
  });

  it("refuses a virtual address without a service, except for versions that write such addresses", async () => {
    const address = (Service: Value): StateRecord => ({ type: 32, value: { Service, IP: "abcd" } });
    for (const service of [{ Name: "" }, { ServiceName: { Name: "" }, Peer: "" }, {}]) {
      const refused = ["tried", "STATE_UNDECODABLE", "STATE_UNDECODABLE", "STATE_UNDECODABLE"];
      expect(await verdicts([address(service)]), JSON.stringify(service)).to.deep.equal(refused);
    }
    expect((await judge(stateOf([address({ Name: "" })]), "1.14.11"))?.problems).to.deep.equal([
      {
        code: "STATE_UNDECODABLE",
        message: "it holds a virtual address without a service: 1.14.11 cannot restore it",
        offset: 14,
      },
    ]);
  });

  it("does not call an archive of Consul Enterprise tried", async () => {
    const server = (version: string) => node(ID, { Service: { ID: "consul", Service: "consul", Meta: { version } } });
    expect((await judge(stateOf([server("1.14.11")]), "1.14.11"))?.knownBy).to.equal("tried");
    expect((await judge(stateOf([server("1.14.11+ent")]), "1.14.11"))?.knownBy).to.equal(
      "by its source; the archive was saved by Consul Enterprise",
    );
    expect((await judge(stateOf([server("1.14.11+ent")]), "1.14.11+ent"))?.knownBy).to.equal(
      "by its source; 1.14.11 was tried",
    );
  });
});
