import { expect } from "chai";
import fc from "fast-check";
import { type KvOptions, type KvReport, Prefixes } from "../../../../provider/archive/state/prefixes";

function count(keys: readonly string[], options: KvOptions): KvReport {
  const prefixes = new Prefixes(options);
  for (const key of keys) {
    const bytes = Buffer.from(`--${key}--`);
    prefixes.add(bytes, 2, bytes.length - 2, 10);
  }
  return prefixes.report();
}

const shown = ({ prefixes }: KvReport): Record<string, number> =>
  Object.fromEntries(prefixes.map(({ prefix, count: keys }) => [prefix, keys]));

function totalOf({ prefixes, rest }: KvReport): { count: number; size: number } {
  const sum = { ...rest };
  for (const { count: keys, size } of prefixes) {
    sum.count += keys;
    sum.size += size;
  }
  return sum;
}

describe("keys by prefix", () => {
  it("are told apart by as many segments as asked", () => {
    const keys = ["a/b/c", "a/b/d", "a/c", "a", "b/"];
    expect(shown(count(keys, {}))).to.deep.equal({ "a/b": 2, "a/c": 1, a: 1, "b/": 1 });
    expect(shown(count(keys, { depth: 1 }))).to.deep.equal({ a: 4, b: 1 });
    expect(shown(count(keys, { depth: 0 }))).to.deep.equal({ "": 5 });
  });

  it("are only those that begin with the filter", () => {
    const keys = ["app/one/x", "app/two/x", "apple/x", "b"];
    expect(shown(count(keys, { filter: "app/" }))).to.deep.equal({ "app/one": 1, "app/two": 1 });
    expect(totalOf(count(keys, { filter: "app/" }))).to.deep.equal({ count: 2, size: 20 });
  });

  it("come with the largest first, and those of one size by name", () => {
    const { prefixes } = count(["b/1/x", "c/1/x", "c/1/y", "a/1/x"], {});
    expect(prefixes.map(({ prefix }) => prefix)).to.deep.equal(["c/1", "a/1", "b/1"]);
  });

  it("are summed where there are too many of them, a million and more", () => {
    const prefixes = new Prefixes({ maxPrefixes: 100 });
    const key = Buffer.alloc(9);
    for (let at = 0; at < 1_000_000; at++) {
      key.write(`p${String(at).padStart(6, "0")}/k`);
      prefixes.add(key, 0, key.length, 3);
    }
    const report = prefixes.report();
    expect(report.prefixes).to.have.lengthOf(100);
    expect(report.rest).to.deep.equal({ count: 999_900, size: 2_999_700 });
    expect(totalOf(report)).to.deep.equal({ count: 1_000_000, size: 3_000_000 });
  });

  it("sum up to the whole, whatever the keys and their order", () => {
    const key = fc.array(fc.constantFrom("a", "b", "/", "é"), { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(key), fc.nat(4), fc.integer({ min: 1, max: 5 }), (keys, depth, maxPrefixes) => {
        const report = count(keys, { depth, maxPrefixes });
        expect(totalOf(report)).to.deep.equal({ count: keys.length, size: keys.length * 10 });
        const bounded = count(keys, { depth, maxPrefixes: 1000 });
        expect(shown(count([...keys].reverse(), { depth, maxPrefixes: 1000 }))).to.deep.equal(shown(bounded));
      }),
    );
  });
});
