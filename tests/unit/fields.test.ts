import { expect } from "chai";
import fc from "fast-check";
import { allKnown, Fields, textOf } from "../../provider/fields";
import { parseManifest } from "../../provider/catalog/manifest";

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe("the fields of JSON that somebody else may have written", () => {
  it("are taken only with their types", () => {
    const fields = Fields.of({
      text: "a",
      count: 3,
      negative: -1,
      half: 0.5,
      huge: 2 ** 60,
      flag: true,
      list: ["a", 1],
    });
    expect(fields?.text("text")).to.equal("a");
    expect(fields?.text("count")).to.equal(undefined);
    expect(fields?.text("text", 0)).to.equal(undefined);
    expect(fields?.count("count")).to.equal(3);
    for (const name of ["negative", "half", "huge", "text", "absent"])
      expect(fields?.count(name), name).to.equal(undefined);
    expect(fields?.flag("flag")).to.equal(true);
    expect(fields?.flag("count")).to.equal(undefined);
    expect(fields?.list("list", textOf)).to.equal(undefined);
    expect(fields?.oneOf("text", ["a", "b"])).to.equal("a");
    expect(fields?.oneOf("text", ["b"])).to.equal(undefined);
  });

  it("are times only in the form of RFC 3339: JavaScript also takes text in parentheses for a part of one", () => {
    const times = {
      written: "2026-11-26T20:00:00.000Z",
      offset: "2026-11-26T20:00:00+01:00",
      far: "+010000-01-01T00:00:00.000Z",
      forged: "2026-11-26 20:00Z (\u001b[2J\nrestorable  /forged.snap)",
      local: "2026-11-26 20:00",
      year: "2026",
      month: "2026-13-26T20:00:00Z",
    };
    expect(Date.parse(times.forged)).to.not.be.NaN;
    const fields = Fields.of(times);
    const taken = Object.keys(times).filter((name) => fields?.time(name) !== undefined);
    expect(taken).to.deep.equal(["written", "offset", "far"]);
  });

  it("are those of the object itself, never those that every object has", () => {
    const fields = Fields.of({});
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
      expect(fields?.text(name), name).to.equal(undefined);
      expect(fields?.object(name), name).to.equal(undefined);
    }
    const polluting = Fields.parse(Buffer.from('{ "names": { "__proto__": "x", "a": "b" } }'));
    const names = polluting?.entries("names", textOf) ?? {};
    expect(Object.entries(names)).to.deep.include(["a", "b"]);
    expect(Object.getPrototypeOf(names)).to.equal(Object.prototype);
  });

  it("are none where there is no object", () => {
    for (const text of ["", "null", "[]", "1", '"a"', "{", "true"]) {
      expect(Fields.parse(Buffer.from(text)), text).to.equal(undefined);
    }
  });

  it("are all known, or not", () => {
    expect(allKnown({ a: 1, b: false })).to.equal(true);
    expect(allKnown({ a: 1, b: undefined })).to.equal(false);
  });
});

describe("a manifest that somebody else may have written", () => {
  const honest = {
    schema: 1,
    series: "organization/project/stack/name",
    purpose: "backup",
    location: "/backups/a.snap",
    snapshotId: "2-7-1795469451610",
    index: 7,
    term: 2,
    size: 100,
    version: 1,
    archiveSize: 50,
    sha256: "0".repeat(64),
    storedSize: 50,
    storedSha256: "0".repeat(64),
    takenAt: "2026-11-23T21:30:51.610Z",
    servers: [{ id: "a", address: "127.0.0.1:8300", suffrage: "voter" }],
    contents: [{ type: "KVS", count: 1, size: 10 }],
    digests: { KVS: "0".repeat(64) },
    consistency: "consistent",
    encrypted: false,
    writtenBy: "tests",
  };
  const optional = ["digests", "consistency", "encrypted", "writtenBy"];

  it("is read when it is whole, also without what older versions did not write", () => {
    expect(parseManifest(bytesOf(honest))).to.deep.equal(honest);
    for (const name of optional) {
      expect(parseManifest(bytesOf({ ...honest, [name]: undefined })), name).not.to.equal(undefined);
    }
  });

  it("is none with any required field missing or of another type, and never makes the reader throw", () => {
    const wrong: unknown[] = [undefined, null, [], {}, [[]], "x".repeat(5000), -1, 0.5, { id: 1 }];
    for (const name of Object.keys(honest).filter((each) => !optional.includes(each))) {
      for (const value of wrong) {
        if (Array.isArray(honest[name as "servers"]) && Array.isArray(value) && value.length === 0) continue;
        expect(parseManifest(bytesOf({ ...honest, [name]: value })), `${name} ${typeof value}`).to.equal(undefined);
      }
    }
  });

  it("holds nothing that was not asked for", () => {
    const stuffed = {
      ...honest,
      extra: "x",
      restorable: { ok: "yes" },
      servers: [{ ...honest.servers[0], admin: true }],
    };
    expect(parseManifest(bytesOf(stuffed))).to.deep.equal(honest);
  });

  it("never makes the reader throw, whatever it holds", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(honest)), fc.jsonValue(), (name, value) => {
        parseManifest(bytesOf({ ...honest, [name]: value }));
      }),
    );
  });
});
