import { expect } from "chai";
import type { SeenRecord } from "../../../../provider/archive/reader";
import { contentDigest, digestOfContent } from "../../../../provider/archive/state/contentDigest";
import { contentOf } from "../../../../provider/archive/state/normalForm";
import { encode } from "../../../fixtures/state";

const POLICY = 19;
const KVS = 2;
const value = encode({ ID: "a", Name: "policy" });
const record: SeenRecord = { type: POLICY, sha256: "of its bytes", value };

describe("the digest of a record's content", () => {
  it("is the same for content that has been read before", () => {
    expect(contentDigest(record)).to.be.a("string").with.length(32);
    expect(digestOfContent(record, contentOf(POLICY, value))).to.equal(contentDigest(record));
  });

  it("is unknown where the caller could not read the content, and does not read it again", () => {
    expect(digestOfContent(record, undefined)).to.equal(undefined);
  });

  it("is that of the bytes for a value that is too large to be held, and for no other record", () => {
    const { type, sha256 } = record;
    expect(contentDigest({ type: KVS, sha256 })).to.equal(sha256);
    expect(contentDigest({ type, sha256 })).to.equal(undefined);
  });
});
