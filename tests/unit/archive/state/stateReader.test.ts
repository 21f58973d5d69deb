import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { HELD_BYTES, StateWalker } from "../../../../provider/archive/state/stateReader";
import { typeName } from "../../../../provider/archive/recordTypeLookup";
import { walk } from "../../../fixtures/reading";
import { REPEATED_KEYS, type RepeatedKey, repeatedKeyState } from "../../../fixtures/repeatedKeys";
import { encode, encodeRecord, keyValue, type StateRecord, stateOf, type Value } from "../../../fixtures/state";

/** Any value that msgpack has; maps as Map, so that their order is ours to choose. */
const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Value>(null, true, false),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie("value"), { maxLength: 20 }),
    fc
      .array(fc.tuple(fc.string({ maxLength: 40 }), tie("value")), { maxLength: 20 })
      .map((entries) => new Map(entries)),
  ),
}));

const anyRecords = fc.array(
  fc.record<StateRecord>({ type: fc.constantFrom(0, 1, 2, 3, 17, 29, 65, 111, 255), value: anyValue }),
  { maxLength: 20 },
);
const anyCuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });

/** The same value with each map sorted by the bytes of its keys. */
function sorted(value: Value): Value {
  if (Array.isArray(value)) return (value as Value[]).map(sorted);
  if (!(value instanceof Map)) return value;
  const entries = [...(value as Map<string, Value>)].map(([key, item]) => [key, sorted(item)] as const);
  return new Map(entries.sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other))));
}

function shuffled(value: Value): Value {
  if (Array.isArray(value)) return (value as Value[]).map(shuffled);
  if (!(value instanceof Map)) return value;
  return new Map([...(value as Map<Value, Value>)].map(([key, item]) => [key, shuffled(item)] as const).reverse());
}

function digestOf(values: readonly Value[]): string {
  const sum = values.reduce<bigint>((total, value) => {
    return (
      total +
      BigInt(
        `0x${createHash("sha256")
          .update(encode(sorted(value)))
          .digest("hex")}`,
      )
    );
  }, 0n);
  return (sum % 2n ** 256n).toString(16).padStart(64, "0");
}

describe("a walk over state.bin", function () {
  this.timeout(60_000);

  it("finds the records that were encoded, whatever they hold and however the bytes are cut", () => {
    fc.assert(
      fc.property(anyRecords, anyCuts, fc.nat(2 ** 31), (records, cuts, lastIndex) => {
        const state = stateOf(records, lastIndex, []);
        const report = walk(state, cuts);
        expect(report).not.to.have.property("undecodable");
        expect(report.lastIndex).to.equal(lastIndex);
        const types = new Set(records.map(({ type }) => type));
        expect(report.groups).to.have.lengthOf(types.size);
        for (const { code, type, count, digest } of report.groups) {
          const group = records.filter((record) => record.type === code);
          expect(type).to.equal(typeName(code));
          expect(count).to.equal(group.length);
          expect(digest).to.equal(digestOf(group.map(({ value }) => value)));
        }
        const total = report.groups.reduce((sum, { size }) => sum + size, 0);
        expect(total).to.equal(records.length === 0 ? 0 : state.length);
      }),
      { numRuns: 300 },
    );
  });

  it("says the same of damaged bytes however they are cut", () => {
    fc.assert(
      fc.property(anyRecords, anyCuts, fc.nat(), fc.nat(255), (records, cuts, place, byte) => {
        const state = stateOf(records);
        state[place % state.length] = byte;
        expect(walk(state, cuts, {})).to.deep.equal(walk(state, undefined, {}));
        expect(walk(state, [1], {})).to.deep.equal(walk(state, undefined, {}));
      }),
      { numRuns: 300 },
    );
  });

  it("digests records in no order, and their map entries in none", () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const other = records.map(({ type, value }) => ({ type, value: shuffled(value) })).reverse();
        const digests = (of: readonly StateRecord[]): [string, string][] =>
          walk(stateOf(of))
            .groups.map(({ type, digest }): [string, string] => [type, digest])
            .sort();
        expect(digests(other)).to.deep.equal(digests(records));
      }),
    );
  });

  it("digests the maps within a configuration entry in no order, too", () => {
    const entry = (meta: Value): StateRecord => {
      return { type: 22, value: Buffer.concat([encode("service-defaults"), encode({ Meta: meta, Name: "web" })]) };
    };
    const [first] = walk(stateOf([entry({ a: "1", b: "2" })])).groups;
    const [second] = walk(stateOf([entry({ b: "2", a: "1" })])).groups;
    const [other] = walk(stateOf([entry({ b: "1", a: "2" })])).groups;
    expect(first?.type).to.equal("ConfigEntry");
    expect(second?.digest).to.equal(first?.digest);
    expect(other?.digest).not.to.equal(first?.digest);
  });

  it("tells equal sets from sets with one record twice", () => {
    const [once] = walk(stateOf([keyValue("a", "1")])).groups;
    const [twice] = walk(stateOf([keyValue("a", "1"), keyValue("a", "1")])).groups;
    expect(twice?.digest).not.to.equal(once?.digest);
  });

  it("gives one digest to records around the size that it holds whole, however they are cut", () => {
    for (const length of [HELD_BYTES - 200, HELD_BYTES - 86, HELD_BYTES, HELD_BYTES + 1, 3 * HELD_BYTES]) {
      const state = stateOf([
        keyValue("small", "1"),
        keyValue("large", Buffer.alloc(length, 7)),
        keyValue("small2", "2"),
      ]);
      const whole = walk(state, undefined, { depth: 1 });
      expect(whole).not.to.have.property("undecodable");
      expect(whole.kv?.prefixes.map(({ count }) => count)).to.deep.equal([1, 1, 1]);
      expect(walk(state, [64 * 1024], { depth: 1 })).to.deep.equal(whole);
      expect(walk(state, [1_000_003, 17, 4096], { depth: 1 })).to.deep.equal(whole);
    }
  });

  it("shows the value of a record that is held whole, and of no larger one, however it is cut", () => {
    const lengths = [HELD_BYTES - 200, HELD_BYTES, 3 * HELD_BYTES];
    const state = stateOf(lengths.map((length) => keyValue("large", Buffer.alloc(length, 7))));
    for (const pieceBytes of [state.length, 64 * 1024]) {
      const hasValue: boolean[] = [];
      const walker = new StateWalker(undefined, ({ value }) => hasValue.push(value !== undefined));
      for (let at = 0; at < state.length; at += pieceBytes) walker.push(state.subarray(at, at + pieceBytes));
      walker.end();
      expect(hasValue.slice(0, lengths.length), `pieces of ${pieceBytes} bytes`).to.deep.equal([true, false, false]);
    }
  });

  it("says how many records are too large to be checked field by field, however they are cut", () => {
    const large = Buffer.alloc(2 * HELD_BYTES, 7);
    const locked: StateRecord = { type: 2, value: { Key: "locked", Session: "a", Value: large } };
    const state = stateOf([keyValue("plain", large), locked, keyValue("small", "1")]);
    for (const piece of [16 * 1024, state.length]) {
      expect(walk(state, [piece]).unchecked, `pieces of ${piece} bytes`).to.equal(1);
    }
    expect(walk(stateOf([keyValue("plain", large)]))).not.to.have.property("unchecked");
  });

  it("checks a large list item by item, however it is cut", () => {
    const node = (index: number): Value => ({ Node: `node-${index}`, Coord: { Vec: [index / 3], Error: index } });
    const nodes = Array.from({ length: 30_000 }, (_, index) => node(index));
    const good = stateOf([{ type: 6, value: nodes }, keyValue("small", "1")]);
    const wrong = stateOf([{ type: 6, value: [...nodes, { Node: "", Coord: null }] }, keyValue("small", "1")]);
    const long = stateOf([{ type: 6, value: [...nodes, { Node: "x".repeat(100_000), Coord: { Vec: [] } }] }]);
    const whole = walk(good);
    expect(whole).to.not.have.any.keys("unchecked", "misshapen", "undecodable");
    expect(walk(good, [16_384])).to.deep.equal(whole);
    expect(walk(wrong, [99_999]).misshapen?.message).to.match(
      /^the CoordinateBatchUpdate record has a \w+ that is empty/,
    );
    expect(walk(long, [99_999]).unchecked).to.equal(1);
  });

  it("finds the kind of a configuration entry, however large it is and however it is cut", () => {
    const entry = (kind: string, bytes: number): StateRecord => ({
      type: 22,
      value: Buffer.concat([encode(kind), encode({ Entry: { Name: "x", Meta: { a: Buffer.alloc(bytes, 7) } } })]),
    });
    const state = stateOf([entry("mesh", 1), entry("later", HELD_BYTES), entry("x".repeat(300), HELD_BYTES)]);
    for (const chunk of [7, 4096, state.length]) {
      const walker = new StateWalker();
      for (let at = 0; at < state.length; at += chunk) walker.push(state.subarray(at, at + chunk));
      const kinds = walker.end().configEntryKinds.map(({ kind, count }) => [kind, count]);
      expect(kinds).to.deep.equal([
        ["mesh", 1],
        ["later", 1],
        ["x".repeat(100), 1],
      ]);
    }
  });

  it("counts keys by prefix, and the header as a part of the first record, as Consul does", () => {
    const records = [keyValue("a/b/c", "1"), keyValue("a/b/d", "2"), keyValue("e", "3")];
    const [header, first, second, third] = [encode({ LastIndex: 1182 }), ...records.map(encodeRecord)];
    const { kv } = walk(stateOf(records), undefined, {});
    const size = header.length + first!.length + second!.length;
    expect(kv?.prefixes.map(({ prefix, count, size }) => ({ prefix, count, size }))).to.deep.equal([
      { prefix: "a/b", count: 2, size },
      { prefix: "e", count: 1, size: third!.length },
    ]);
    expect(kv?.rest).to.deep.equal({ count: 0, size: 0 });
  });
});

describe("a state that Consul could not decode", () => {
  const valid = stateOf([keyValue("a", "1")]);
  const last = valid.length - 12;
  const cases: [string, Buffer, number][] = [
    ["nothing", Buffer.alloc(0), 0],
    ["a header of another kind", encode("LastIndex"), 0],
    ["a header with a negative index", encode({ LastIndex: -1 }), 0],
    ["half a header", valid.subarray(0, 5), 0],
    ["a type byte with nothing behind it", valid.subarray(0, last + 1), last],
    ["a record that is cut off", valid.subarray(0, -1), last],
    ["a byte that begins no value", Buffer.concat([valid.subarray(0, last), Buffer.from([2, 0xc1]), valid]), last],
    ["a key that is a number", Buffer.concat([valid.subarray(0, last), Buffer.from([2, 0x81, 5, 5])]), last],
    [
      "a key that comes twice",
      Buffer.concat([valid.subarray(0, last), Buffer.from([2, 0x82, 0xa1, 97, 1, 0xa1, 97, 2])]),
      last,
    ],
    [
      "a length that lies",
      Buffer.concat([valid.subarray(0, last), Buffer.from([2, 0xdb, 0xff, 0xff, 0xff, 0xff, 1])]),
      last,
    ],
    [
      "a count that lies",
      Buffer.concat([valid.subarray(0, last), Buffer.from([2, 0xdd, 0xff, 0xff, 0xff, 0xff, 1])]),
      last,
    ],
    [
      "nesting without an end",
      Buffer.concat([valid.subarray(0, last), Buffer.from([2]), Buffer.alloc(5000, 0x91)]),
      last,
    ],
  ];
  for (const [name, state, offset] of cases) {
    it(`has a place: ${name}`, () => {
      expect(walk(state).undecodable?.offset).to.equal(offset);
      expect(walk(state, [1])).to.deep.equal(walk(state));
    });
  }

  for (const repeated of REPEATED_KEYS) {
    it(`is ${repeated.isDecodable ? "not " : ""}one with ${repeated.what}, for one key`, () => {
      const state = repeatedKeyState(repeated);
      const report = walk(state);
      expect(report.undecodable === undefined).to.equal(repeated.isDecodable);
      expect(report.groups.reduce((sum, { count }) => sum + count, 0)).to.equal(repeated.isDecodable ? 2 : 0);
      expect(walk(state, [1])).to.deep.equal(report);
    });
  }

  it("is one whose header has a field that Consul does not know, and in that a key twice", () => {
    const header = (field: string): Buffer =>
      Buffer.concat([
        Buffer.from("82", "hex"),
        encode("LastIndex"),
        encode(5),
        encode("More"),
        Buffer.from(field, "hex"),
      ]);
    expect(walk(header("82a16101a16201")))
      .to.deep.include({ lastIndex: 5 })
      .and.not.have.property("undecodable");
    expect(walk(header("82a161c0a16101")))
      .to.deep.include({ lastIndex: 5 })
      .and.not.have.property("undecodable");
    expect(walk(header("82a16101a16101")).undecodable?.offset).to.equal(0);
  });

  it("shows no value of a record with a key twice, which cannot be compared", () => {
    const repeated = REPEATED_KEYS.find(({ isDecodable }) => isDecodable) as RepeatedKey;
    const hasValue: boolean[] = [];
    const walker = new StateWalker(undefined, ({ value }) => hasValue.push(value !== undefined));
    walker.push(repeatedKeyState(repeated));
    expect(hasValue).to.deep.equal([false, true]);
  });

  it("is misshapen where a struct is read in another way than a record of an unknown type", () => {
    // The second value of `More` is 16 entries behind a map, and an empty list behind nothing.
    const more = Buffer.concat([encode("More"), encode({}), encode("More"), Buffer.from([0x90])]);
    const entries = Buffer.concat(Array.from({ length: 16 }, () => Buffer.from("a161c0", "hex")));
    const record = Buffer.concat([Buffer.from([2, 0x83]), encode("Key"), encode("a"), more, entries]);
    const report = walk(Buffer.concat([encode({ LastIndex: 1 }), record]));
    expect(report).not.to.have.property("undecodable");
    expect(report.misshapen?.message).to.include("same key twice");
  });

  it("is counted as far as it goes", () => {
    const report = walk(Buffer.concat([valid, Buffer.from([2, 0xc1])]));
    expect(report.groups.map(({ type, count }) => [type, count])).to.deep.equal([
      ["KVS", 1],
      ["ChunkingState", 1],
    ]);
  });

  it("is told from one whose records are not what their types say", () => {
    const { undecodable, misshapen } = walk(stateOf([keyValue("a", "1"), { type: 2, value: "text" }]));
    expect(undecodable).to.equal(undefined);
    expect(misshapen?.offset).to.equal(last);
  });
});

describe("a record that servers rewrite whenever one becomes the leader", () => {
  const metadata = (...rows: (readonly [string, string])[]) => {
    const records = rows.map(([Key, Value]) => ({ type: 31, value: { Key, Value } }));
    return walk(stateOf(records)).groups.find(({ type }) => type === "SystemMetadata");
  };

  it("is counted, and is no part of the digest", () => {
    const [one, other] = [
      metadata(["intention-format", "x"], ["server-management-token", "a"]),
      metadata(["server-management-token", "b"], ["intention-format", "x"]),
    ];
    expect(one).to.include({ count: 2, digest: other?.digest });
    expect(metadata(["intention-format", "y"], ["server-management-token", "a"])?.digest).not.to.equal(one?.digest);
  });
});

describe("a write that was under way", () => {
  const chunk = (term: number): Value => [
    { Data: Buffer.alloc(40), NumChunks: 2, OpNum: 5, SequenceNum: 0, Term: term },
  ];
  const chunking = (entries: readonly [number, Value][]): StateRecord => {
    return { type: 29, value: { ChunkMap: new Map<Value, Value>(entries) } };
  };

  it("is decoded as servers decode it, keys that are numbers included", () => {
    const report = walk(
      stateOf([], 5, [
        chunking([
          [300, chunk(2)],
          [7, chunk(2)],
        ]),
      ]),
    );
    expect(report).not.to.have.property("undecodable");
    expect(report.hasChunks).to.equal(true);
    const other = walk(
      stateOf([], 5, [
        chunking([
          [7, chunk(2)],
          [300, chunk(2)],
        ]),
      ]),
    );
    expect(other.groups).to.deep.equal(report.groups);
    expect(walk(stateOf([])).hasChunks).to.equal(false);
  });

  it("is decoded however large it is", () => {
    const large: Value = [{ Data: Buffer.alloc(2 * HELD_BYTES), NumChunks: 9, OpNum: 5, SequenceNum: 0, Term: 2 }];
    const state = stateOf([], 5, [
      chunking([
        [300, large],
        [7, chunk(2)],
      ]),
    ]);
    expect(walk(state)).not.to.have.property("undecodable");
    expect(walk(state, [100_000])).to.deep.equal(walk(state));
  });

  it("is no excuse for other records", () => {
    expect(walk(stateOf([{ type: 2, value: new Map<Value, Value>([[7, "a"]]) }])).undecodable?.offset).to.be.a(
      "number",
    );
  });
});

describe("the memory of a walk", function () {
  this.timeout(60_000);

  const piece = Buffer.alloc(64 * 1024, 0x91);

  function growth(head: readonly number[], bytes: number): number {
    const walker = new StateWalker({});
    walker.push(Buffer.concat([encode({ LastIndex: 1 }), Buffer.from([2, ...head])]));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let written = 0; written < bytes; written += piece.length) {
      walker.push(piece);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    walker.end();
    return most;
  }

  it("stays small in a record of 200 MB", () => {
    expect(growth([0xdb, 0x0c, 0, 0, 0], 200 * 1024 * 1024)).to.be.below(8 * 1024 * 1024);
  });

  it("stays small when a length lies", () => {
    expect(growth([0xdb, 0xff, 0xff, 0xff, 0xff], 50 * 1024 * 1024)).to.be.below(8 * 1024 * 1024);
  });

  it("stays small when a record has a million items", () => {
    const nils = Buffer.alloc(64 * 1024, 0xc0);
    const walker = new StateWalker();
    walker.push(Buffer.concat([encode({ LastIndex: 1 }), Buffer.from([6, 0xdd, 0, 0x20, 0, 0])]));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 32; i++) walker.push(nils);
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(8 * 1024 * 1024);
    expect(walker.end()).not.to.have.property("undecodable");
  });
});
