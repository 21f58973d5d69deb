import { expect } from "chai";
import { LargeRecord } from "../../../../provider/archive/state/largeRecord";
import { encode, type Value } from "../../../fixtures/state";
import { pieces } from "../../../fixtures/reading";

/** The items that are passed on, and whether that was the whole value. */
function read(value: Buffer, piece: number): { readonly items: string[]; readonly isPassedOn: boolean } {
  const items: string[] = [];
  const record = new LargeRecord(false, { values: 0 }, (item) => items.push(item.toString("hex")));
  const ends = [...pieces(value, [piece])].map((each) => {
    const copy = Buffer.from(each);
    const end = record.push(copy, 0);
    copy.fill(0xaa);
    return end;
  });
  expect(ends.at(-1), `ends in pieces of ${piece} bytes`).to.be.above(0);
  return { items, isPassedOn: record.isPassedOn };
}

const SIZES = [1, 2, 3, 7, 61, 10_000];

describe("a value that is read piece by piece", () => {
  const items: Value[] = [
    1,
    "text",
    { a: [1, { b: null }], c: {} },
    [],
    [[]],
    null,
    70_000,
    "x".repeat(300),
    { k: "v" },
  ];

  it("passes on the items of a list, however it is cut", () => {
    for (const size of SIZES) {
      const expected = items.map((item) => encode(item).toString("hex"));
      expect(read(encode(items), size), `pieces of ${size} bytes`).to.deep.equal({ items: expected, isPassedOn: true });
    }
  });

  it("passes on no item that is too long, and says so", () => {
    for (const size of [61, 4096, 300_000]) {
      const { items: passed, isPassedOn } = read(encode([1, "x".repeat(100_000), { a: 1 }]), size);
      expect(isPassedOn).to.equal(false);
      expect(passed).to.deep.equal([encode(1), encode({ a: 1 })].map((item) => item.toString("hex")));
    }
  });

  it("passes on nothing of a map, and nothing else than a list", () => {
    for (const value of [{ a: [1, 2], b: { c: 1 } }, "text", 5] as const) {
      for (const size of SIZES) expect(read(encode(value), size)).to.deep.equal({ items: [], isPassedOn: false });
    }
  });
});
