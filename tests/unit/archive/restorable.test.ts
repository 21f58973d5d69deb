import { expect } from "chai";
import { restorableOn } from "../../../provider/archive/restorable";
import { archiveOf, metaJson } from "../../fixtures/archive";
import { readArchive } from "../../fixtures/reading";
import { keyValue, stateOf } from "../../fixtures/state";

const judge = async (state: Buffer, version: string, meta?: Buffer) =>
  restorableOn(await readArchive(archiveOf(state, meta)), version);

describe("whether a version of Consul restores an archive", () => {
  const plain = stateOf([keyValue("a", "1")]);

  it("says what the verdict rests on", async () => {
    const basis = async (version: string) => (await judge(plain, version))?.basis;
    expect(await basis("1.13.9")).to.equal("tried");
    expect(await basis("v1.12.0")).to.equal("tried");
    expect(await basis("1.13.9+ent")).to.equal("source");
    expect(await basis("1.18.2")).to.equal("source");
    expect(await basis("1.2.3")).to.equal("nearest");
    expect(await basis("9.0.0")).to.equal("nearest");
    for (const version of ["", "new", "1", "1.x"]) expect(await judge(plain, version)).to.equal(undefined);
  });

  const cases: [string, Parameters<typeof stateOf>[0], Readonly<Record<string, boolean>>][] = [
    ["keys", [keyValue("a", "1")], { "1.8.7": true, "1.13.9": true, "2.1.0": true }],
    ["legacy ACLs, gone", [{ type: 4, value: {} }], { "1.8.7": true, "1.14.9": true, "1.15.0": false, "2.1.0": false }],
    ["virtual addresses", [{ type: 32, value: {} }], { "1.10.0": false, "1.11.0": true }],
    ["peerings", [{ type: 38, value: "peer" }], { "1.12.9": false, "1.13.9": true }],
    ["Enterprise records", [{ type: 65, value: "namespace" }], { "1.13.9": false, "1.13.9+ent": true }],
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
