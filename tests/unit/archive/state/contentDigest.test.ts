import { expect } from "chai";
import type { SeenRecord } from "../../../../provider/archive/reader";
import { contentDigest, digestOfContent } from "../../../../provider/archive/state/contentDigest";
import { contentOf } from "../../../../provider/archive/state/normalForm";
import { encode, type Value } from "../../../fixtures/state";

const POLICY = 19;
const KVS = 2;
const value = encode({ ID: "a", Name: "policy" });
const record: SeenRecord = { type: POLICY, sha256: "of its bytes", value };

describe("the digest of a record's content", () => {
  it("is the same for content that has been read before", () => {
    expect(contentDigest(record)?.content).to.be.a("string").with.length(32);
    expect(contentDigest(record)).to.deep.equal({ content: digestOfContent(record, contentOf(POLICY, value)) });
  });

  it("has a second form where a value may be more than an unset field", () => {
    const of = (fields: Record<string, Value>) => contentDigest({ ...record, value: encode({ ID: "a", ...fields }) });
    expect(of({ Later: 0 })?.content).to.equal(of({})?.content);
    expect(of({ Later: 0 })?.doubtful)
      .to.be.a("string")
      .with.length(32);
    expect(of({ Later: 0 })?.doubtful).not.to.equal(of({ Later: false })?.doubtful);
    for (const certain of [{}, { Later: null }, { Later: 5 }, { Rules: "" }]) {
      expect(of(certain)).not.to.have.property("doubtful");
    }
  });

  it("is unknown where the caller could not read the content, and does not read it again", () => {
    expect(digestOfContent(record, undefined)).to.equal(undefined);
  });

  it("is that of the bytes for a value that is too large to be held, and for no other record", () => {
    const { type, sha256 } = record;
    expect(contentDigest({ type: KVS, sha256 })).to.deep.equal({ content: sha256 });
    expect(contentDigest({ type, sha256 })).to.equal(undefined);
  });
});
