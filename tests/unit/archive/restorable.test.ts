import { expect } from "chai";
import { restorableOn, restorableSentence } from "../../../provider/archive/restorable";
import { archiveOf, metaJson } from "../../fixtures/archive";
import { readArchive } from "../../fixtures/reading";
import { filledRecord } from "../../fixtures/recordMutants";
import { HELD_BYTES } from "../../../provider/archive/state/stateReader";
import { encode, keyValue, type StateRecord, stateOf, type Value } from "../../fixtures/state";

/** A message of protobuf: the name of the peer. */
const TRUST_BUNDLE: StateRecord = { type: 38, value: "\x12\x01p" };

const entry = (kind: string): StateRecord => ({
  type: 22,
  value: Buffer.concat([encode(kind), encode({ Entry: { Kind: kind, Name: "x" } })]),
});

const coordinateOf = (index: number): Value => ({
  Node: `node-${index}`,
  Segment: "",
  Coord: { Vec: [0.5, -0.5], Error: 1.5, Adjustment: 0.1, Height: 1e-5 },
});

const judge = async (state: Buffer, version: string, meta?: Buffer) =>
  restorableOn(await readArchive(archiveOf(state, meta)), version);

describe("whether a version of Consul restores an archive", () => {
  const plain = stateOf([keyValue("a", "1")]);

  it("says what the verdict rests on", async () => {
    const basis = async (version: string) => (await judge(plain, version))?.basis;
    expect(await basis("1.13.9")).to.equal("tried");
    expect(await basis("v1.12.9")).to.equal("tried");
    for (const untried of ["1.12.0", "1.13.10", "1.14.1", "1.14.11-dev", "1.13.9+ent"]) {
      expect(await basis(untried), untried).to.equal("source");
    }
    expect(await basis("1.18.2")).to.equal("source");
    expect(await basis("1.2.3")).to.equal("nearest");
    expect(await basis("1.23.0")).to.equal("nearest");
    expect(await basis("9.0.0")).to.equal("nearest");
    const words = async (version: string) => (await judge(plain, version))?.knownBy;
    expect(await words("1.14.11")).to.equal("tried");
    expect(await words("1.13.8")).to.equal("by its source; 1.13.9 was tried");
    expect(await words("1.22.0")).to.equal("by its source");
    expect(await words("1.2.3")).to.equal("nearest version known: 1.8");
    expect(await words("1.23.0")).to.equal("nearest version known: 1.22");
    expect(await words("9.0.0")).to.equal("nearest version known: 2.1");
    for (const version of ["", "new", "1", "1.x"]) expect(await judge(plain, version)).to.equal(undefined);
  });

  it("does not call an archive tried if a record is too large to be checked field by field", async () => {
    const large = Buffer.alloc(2 * HELD_BYTES, 7);
    const locked: StateRecord = { type: 2, value: { Key: "a", Session: "s", Value: large } };
    const words = async (version: string, ...records: StateRecord[]) => {
      const { restorable, basis, knownBy } = (await judge(stateOf(records), version)) ?? {};
      return [restorable, basis, knownBy];
    };
    expect(await words("1.14.11", locked)).to.deep.equal([
      true,
      "source",
      "by its source; 1 record is too large to be checked field by field",
    ]);
    expect(await words("1.14.11", locked, locked)).to.deep.equal([
      true,
      "source",
      "by its source; 2 records are too large to be checked field by field",
    ]);
    expect(await words("1.23.0", locked)).to.deep.equal([
      true,
      "nearest",
      "nearest version known: 1.22; 1 record is too large to be checked field by field",
    ]);
    // A policy and a configuration entry of several MiB, as a server that takes large requests has them.
    const policy: StateRecord = { type: 19, value: { ID: "a", Name: "p", Rules: "#".repeat(3 * HELD_BYTES) } };
    const defaults = encode({
      Entry: { Kind: "service-defaults", Meta: { a: "x".repeat(2 * HELD_BYTES) }, Name: "web" },
    });
    const entries: StateRecord = { type: 22, value: Buffer.concat([encode("service-defaults"), defaults]) };
    for (const record of [policy, entries])
      expect((await words("1.14.11", record)).slice(0, 2)).to.deep.equal([true, "source"]);
    expect(restorableSentence("1.14.11", { basis: "source", knownBy: "why" })).to.equal(
      "there is no known reason why Consul 1.14.11 could not restore it (why)",
    );
    // As Consul writes it: all that is checked comes before the value.
    expect(await words("1.14.11", keyValue("a", large))).to.deep.equal([true, "tried", "tried"]);
    // One record for all nodes, checked node by node.
    const nodes = Array.from({ length: 14_000 }, (_, index): Value => coordinateOf(index));
    expect(await words("1.14.11", { type: 6, value: nodes })).to.deep.equal([true, "tried", "tried"]);
    const wrong: StateRecord = { type: 6, value: [...nodes, { Node: "x", Coord: { Vec: [true] } }] };
    expect((await judge(stateOf([wrong]), "1.14.11"))?.problems[0]?.message).to.include(
      "the CoordinateBatchUpdate record has a Coord.Vec that is a boolean instead of a number",
    );
  });

  it("depends on NUL characters in the names of nodes, which end names in Consul's indexes", async () => {
    const verdict = async (...names: string[]) => {
      const nodes = names.map((Node): StateRecord => ({ type: 0, value: { Node, Address: "10.0.0.1" } }));
      return (await judge(stateOf(nodes), "1.14.11"))?.restorable;
    };
    expect(await verdict("a\0", "b")).to.equal(true);
    expect(await verdict("a\0", "a\0")).to.equal(true);
    expect(await verdict("a\0b", "ab")).to.equal(true);
    for (const names of [["a\0", "a"], ["A", "a\0b"], ["a\0b\0c", "a\0b"], ["\0".repeat(11)]]) {
      expect(await verdict(...names), JSON.stringify(names)).to.equal(false);
    }
    // What is remembered of such names is limited.
    const many = Array.from({ length: 10_001 }, (_, i) => `n${i}\0`);
    expect(await verdict(...many.slice(1))).to.equal(true);
    expect(await verdict(...many)).to.equal(false);
    const inEast = (Node: string, Partition: string): StateRecord => ({ type: 0, value: { Node, Partition } });
    for (const [one = "", other = ""] of [
      ["a", "a\0"],
      ["a\0", "a"],
    ]) {
      for (const [first = "", second = ""] of [
        ["", "east"],
        ["east", ""],
        ["east", "west"],
      ]) {
        const state = stateOf([inEast(one, first), inEast(other, second)]);
        expect((await judge(state, "1.14.11"))?.restorable, `${one} ${first} ${second}`).to.equal(false);
        expect((await judge(state, "1.14.11+ent"))?.restorable, `${one} ${first} ${second}`).to.equal(true);
      }
    }
    const peer: StateRecord = { type: 0, value: { Node: "a", Address: "10.0.0.1", PeerName: "p\0" } };
    expect((await judge(stateOf([peer]), "1.14.11"))?.restorable).to.equal(false);
  });

  it("depends on the names of the built-in policies, without which no server with ACLs can lead", async () => {
    const MANAGEMENT = "00000000-0000-0000-0000-000000000001";
    const READ_ONLY = "00000000-0000-0000-0000-000000000002";
    const OTHER = "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11";
    const THIRD = "85c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d22";
    const policy = (ID: string, Name: string, Namespace = ""): StateRecord => ({
      type: 19,
      value: { ID, Name, Namespace },
    });
    const verdicts = async (...policies: StateRecord[]) => {
      const versions = ["1.12.9", "1.14.11", "1.22.0", "1.14.11+ent"];
      const all = await Promise.all(versions.map((version) => judge(stateOf(policies), version)));
      return all.map((verdict) => verdict?.restorable);
    };
    const [YES, NO, ENTERPRISE] = [true, false, undefined].map((is) => [
      is ?? false,
      is ?? false,
      is ?? false,
      is ?? true,
    ]);
    const builtin = policy(MANAGEMENT, "global-management");
    expect(await verdicts(builtin, policy(READ_ONLY, "builtin/global-read-only"), policy(OTHER, "p"))).to.deep.equal(
      YES,
    );
    expect(await verdicts(policy(OTHER, "Global-Management"))).to.deep.equal(NO);
    expect(await verdicts(policy(OTHER, "builtin/global-read-only"))).to.deep.equal(NO);
    expect(await verdicts(builtin, policy(OTHER, "global-management"))).to.deep.equal(NO);
    expect(await verdicts(policy(OTHER, "global-management"), builtin)).to.deep.equal(NO);
    expect(await verdicts(builtin, policy(OTHER, "global-management", "team"))).to.deep.equal(ENTERPRISE);
    // A built-in policy that was renamed leaves its name to others.
    const renamed = policy(MANAGEMENT, "root");
    expect(await verdicts(renamed, policy(OTHER, "global-management"))).to.deep.equal(YES);
    expect(await verdicts(policy(OTHER, "ROOT"), renamed)).to.deep.equal(NO);
    expect(await verdicts(renamed, policy(READ_ONLY, "root"))).to.deep.equal(NO);
    // Other policies with the same name are found by their ids.
    expect(await verdicts(builtin, policy(OTHER, "p"), policy(THIRD, "p"))).to.deep.equal(YES);
    expect((await judge(stateOf([policy(OTHER, "global-management")]), "1.14.11"))?.problems).to.deep.equal([
      {
        code: "STATE_UNKNOWN_RECORD",
        message:
          "it holds an ACL policy with the name of a built-in one: no server of 1.14.11 with ACLs could lead then",
        offset: 14,
      },
    ]);
  });

  const cases: [string, Parameters<typeof stateOf>[0], Readonly<Record<string, boolean>>][] = [
    ["keys", [keyValue("a", "1")], { "1.8.7": true, "1.13.9": true, "2.1.0": true }],
    ["legacy ACLs, gone", [filledRecord(4)], { "1.8.7": true, "1.14.9": true, "1.15.0": false, "2.1.0": false }],
    ["virtual addresses", [filledRecord(32)], { "1.10.0": false, "1.11.0": true }],
    ["peerings", [TRUST_BUNDLE], { "1.12.9": false, "1.13.9": true }],
    ["Enterprise records", [{ type: 65, value: "namespace" }], { "1.13.9": false, "1.13.9+ent": true }],
    ["a certificate in files", [entry("file-system-certificate")], { "1.18.2": false, "1.19.0": true, "2.1.0": true }],
    // The Community Edition has the kind, and fails to restore it: "sameness-groups are an enterprise-only feature".
    ["a sameness-group", [entry("sameness-group")], { "1.22.0": false, "1.15.0+ent": false, "1.16.0+ent": true }],
    ["a rate-limit", [entry("rate-limit")], { "2.1.0": false, "1.22.0+ent": false, "2.0.0+ent": true }],
    ["a kind that nobody knows", [entry("later")], { "1.22.0": false, "9.0.0": false, "1.22.0+ent": true }],
    ["an entry of Raft's log", [{ type: 1, value: {} }], { "1.13.9": false }],
    ["a type that nobody knows", [{ type: 111, value: {} }], { "1.13.9": false, "1.13.9+ent": true }],
  ];
  for (const [name, records, expected] of cases) {
    it(`depends on what it holds: ${name}`, async () => {
      const found: Record<string, boolean | undefined> = {};
      for (const version of Object.keys(expected)) {
        found[version] = (await judge(stateOf(records), version))?.restorable;
      }
      expect(found).to.deep.equal(expected);
    });
  }

  it("depends on the TTL of sessions, for none that is invalid lets a server lead again", async () => {
    const session = (TTL: string): StateRecord => ({ type: 3, value: { ID: "a", Node: "n", TTL } });
    for (const ttl of [
      "",
      "0",
      "15s",
      "1h2m3.5s",
      "-1.5h",
      ".5ms",
      "10\u00b5s",
      "2562047h47m16s",
      "9223372036854775807ns",
    ]) {
      expect((await judge(stateOf([session(ttl)]), "1.13.9"))?.restorable, ttl).to.equal(true);
    }
    const tooLong = [
      "9999999h",
      "-9999999h",
      "9223372036854775808ns",
      "2562047.9h",
      "2562047h47m16s900ms",
      "99999999999999999999s",
      `${"1s".repeat(50)}bogus`,
      `${"0s".repeat(50)}1x`,
      "0s".repeat(51),
    ];
    for (const ttl of ["x", "15", "15 s", "s", ".s", "1d", "15s ", "1".repeat(10_000), ...tooLong]) {
      expect((await judge(stateOf([session(ttl)]), "1.13.9"))?.restorable, ttl).to.equal(false);
    }
  });

  it("depends on the messages within a peering that 1.14 added", async () => {
    const id = "\x0a\x2475c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11\x12\x01p";
    const peering = (more: string): StateRecord => ({ type: 35, value: Buffer.from(`${id}${more}`, "latin1") });
    const verdict = async (more: string) => (await judge(stateOf([peering(more)]), "1.14.11"))?.restorable;
    expect(await verdict("")).to.equal(true);
    expect(await verdict("\x6a\x03\x0a\x01x")).to.equal(true);
    expect(await verdict("\x6a\x01x")).to.equal(false);
    expect(await verdict("\x6a\x03\x0a\x01\xff")).to.equal(false);
  });

  it("depends on each field of a message as Go decodes it", async () => {
    const record = async (type: number, ...fields: string[]): Promise<boolean | undefined> =>
      (await judge(stateOf([{ type, value: Buffer.from(fields.join(""), "latin1") }]), "1.14.11"))?.restorable;
    const field = (number: number, content: string): string => `${tag(number)}${length(content)}${content}`;
    const tag = (number: number): string => varint(number * 8 + 2);
    const length = (content: string): string => String.fromCharCode(content.length);
    /** Divides: the shift operators have 32 bits. */
    const varint = (value: number): string =>
      value < 128
        ? String.fromCharCode(value)
        : String.fromCharCode(128 + (value % 128)) + varint(Math.floor(value / 128));
    const uuid = "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11";
    const peering = (...more: string[]): Promise<boolean | undefined> =>
      record(35, field(1, uuid), field(2, "p"), ...more);

    const entry = (key: string): string => field(5, field(1, key) + field(2, "v"));
    const lists = [8, 10, 18].map((number) => field(number, "a") + field(number, "b")).join("");
    const status = field(13, field(1, "a") + field(1, "b") + field(2, "a") + field(2, "b"));
    const right = [
      entry("a") + entry("b"),
      lists,
      status,
      varint(2 ** 32 - 8) + "\x01",
      field(19, "a") + field(19, "b"),
    ];
    for (const more of right) expect(await peering(more), JSON.stringify(more)).to.equal(true);
    expect(await record(38, field(1, "d"), field(2, "p"), field(4, "a"), field(4, "b"))).to.equal(true);

    const most = "\xff".repeat(9);
    expect(await peering(`\x30${most}\x01`)).to.equal(true);
    const wrong = [
      `\x30${most}\x7f`,
      `\x30${most}\x02`,
      `\xb0${"\x80".repeat(8)}\x7f\x01`,
      `${varint(2 ** 32)}\x01`,
      `${varint(2 ** 43)}\x01`,
      "\x00\x01",
      "\x30\x01\x30\x02",
      field(1, ""),
      field(2, ""),
      field(2, "q"),
      field(13, "") + field(13, ""),
      field(17, field(2, "dc1") + field(2, "dc2")),
      field(5, field(1, "a") + field(1, "b")),
    ];
    for (const more of wrong) expect(await peering(more), JSON.stringify(more)).to.equal(false);
    expect(await record(38, field(1, "d"), field(2, "p"), field(2, ""))).to.equal(false);
    expect(await record(40, field(1, uuid), field(1, ""))).to.equal(false);
    expect(await record(40, field(1, uuid), field(2, field(1, uuid)), field(2, ""))).to.equal(false);
  });

  it("depends on the id of a resource, with its type and its tenancy", async () => {
    const field = (number: number, content: string): string =>
      String.fromCharCode(number * 8 + 2, content.length) + content;
    const id = (...parts: string[]): string => field(1, field(1, "u") + field(2, "n") + parts.join(""));
    const [type, tenancy] = [field(3, field(1, "g") + field(3, "k")), field(4, "")];
    const verdict = async (value: string) =>
      (await judge(stateOf([{ type: 42, value: Buffer.from(value, "latin1") }]), "1.22.0"))?.restorable;
    expect(await verdict(id(type, tenancy))).to.equal(true);
    expect(await verdict(id(type, tenancy) + field(2, type + tenancy))).to.equal(true);
    for (const wrong of ["", "\xff", field(3, "v"), id(type), id(tenancy), id(type, tenancy) + field(2, type)]) {
      expect(await verdict(wrong), JSON.stringify(wrong)).to.equal(false);
    }
  });

  it("depends on the index, which Raft must be able to count on from", async () => {
    const verdict = (index: bigint) => {
      const meta = metaJson(plain.length).toString().replace('"Index":1182', `"Index":${index}`);
      return judge(plain, "1.14.11", Buffer.from(meta));
    };
    expect((await verdict(2n ** 63n))?.restorable).to.equal(true);
    expect((await verdict(2n ** 64n - 2n))?.problems).to.deep.equal([
      {
        code: "ARCHIVE_MALFORMED",
        message: "meta.json has the index 18446744073709551614, which leaves no room for later changes",
      },
    ]);
  });

  it("gives all reasons, each with its code, and its place where it has one", async () => {
    const state = stateOf([{ type: 111, value: {} }, keyValue("", "1")]);
    const verdict = await judge(state, "1.13.9", metaJson(state.length + 1, { Version: 0 }));
    expect(verdict?.problems.map(({ code, offset }) => [code, offset])).to.deep.equal([
      ["ARCHIVE_MALFORMED", undefined],
      ["ARCHIVE_MALFORMED", undefined],
      ["STATE_UNKNOWN_RECORD", 14],
      ["STATE_UNDECODABLE", 16],
    ]);
  });
});
