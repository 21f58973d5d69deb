import { expect } from "chai";
import { meaningOf } from "../../../provider/archive/meaning";
import { modifiedAt, tableOf } from "../../../provider/archive/modified";
import { encode, keyValue, type Value } from "../../fixtures/state";

const KVS = 2;
const CONFIG_ENTRY = 22;

/** As Consul writes one: its kind and its request, as bytes within a value. */
function configEntry(entry: Value): Buffer {
  return encode(Buffer.concat([encode("service-defaults"), encode({ Datacenter: "dc1", Entry: entry })]));
}

describe("what a record says", () => {
  const said = (value: Value, type = KVS): string => meaningOf(type, encode(value));

  it("is the same whatever the order of entries and the width of numbers", () => {
    const wide = Buffer.concat([
      Buffer.from([0x82, 0xa1, 0x62, 0xcf]),
      Buffer.alloc(7),
      Buffer.from([5, 0xa1, 0x61, 1]),
    ]);
    expect(meaningOf(KVS, wide)).to.equal(said({ a: 1, b: 5 }));
  });

  it("does not change with fields that nobody has set", () => {
    const empty = { no: false, none: null, zero: 0, text: "", list: [], map: {}, deep: { zero: 0 } };
    expect(said({ a: 1, ...empty })).to.equal(said({ a: 1 }));
  });

  it("changes with every value, and with its kind", () => {
    const values: Value[] = [1, -1, "1", true, ["1"], { a: 1 }, "2", 2, 1.5, [0], [0, 0]];
    expect(new Set(values.map((value) => said({ a: value }))).size).to.equal(values.length);
  });

  it("of a configuration entry is that of what is nested in it", () => {
    const one = configEntry({ Kind: "service-defaults", Name: "web", ModifyIndex: 9 });
    const other = configEntry({ Name: "web", Kind: "service-defaults", ModifyIndex: 9, Later: "" });
    expect(one.equals(other)).to.equal(false);
    expect(meaningOf(CONFIG_ENTRY, one)).to.equal(meaningOf(CONFIG_ENTRY, other));
    const changed = configEntry({ Kind: "service-defaults", Name: "db", ModifyIndex: 9 });
    expect(meaningOf(CONFIG_ENTRY, changed)).not.to.equal(meaningOf(CONFIG_ENTRY, one));
  });
});

describe("when a record was written", () => {
  it("is its ModifyIndex, however wide, and nothing that a value only looks like", () => {
    for (const index of [0, 9, 200, 70_000, 2 ** 31, 2 ** 40]) {
      expect(modifiedAt(KVS, encode(keyValue("a", "1", index).value)), String(index)).to.equal(index);
    }
    const trap = Buffer.concat([Buffer.from([0xab]), Buffer.from("ModifyIndex"), Buffer.from([0x7f])]);
    expect(modifiedAt(KVS, encode(keyValue("a", trap, 9).value))).to.equal(9);
    expect(modifiedAt(KVS, encode({ Key: "a" }))).to.equal(undefined);
    expect(modifiedAt(KVS, encode("text"))).to.equal(undefined);
  });

  it("is found in a configuration entry as well", () => {
    expect(modifiedAt(CONFIG_ENTRY, configEntry({ Name: "web", CreateIndex: 7, ModifyIndex: 1234 }))).to.equal(1234);
    expect(modifiedAt(CONFIG_ENTRY, configEntry({ Name: "web" }))).to.equal(undefined);
  });

  it("is known of whole tables by their Index records", () => {
    expect(tableOf(encode({ Key: "kvs", Value: 300 }))).to.deep.equal(["kvs", 300]);
    expect(tableOf(encode({ Key: "kvs" }))).to.equal(undefined);
  });
});
