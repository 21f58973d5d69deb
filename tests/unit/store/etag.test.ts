import { expect } from "chai";
import { normalizeEtag } from "../../../provider/store/etag";

describe("an ETag", () => {
  it("has one form, however a server writes it", () => {
    for (const etag of [
      "abc-2",
      '"abc-2"',
      'W/"abc-2"',
      "W/abc-2",
      'w/"abc-2"',
      ' "abc-2"\n',
      '"abc-2-gzip"',
      'W/"abc-2--gzip"',
      "&quot;abc-2&quot;",
    ])
      expect(normalizeEtag(etag), etag).to.equal('"abc-2"');
    expect(normalizeEtag(normalizeEtag("abc"))).to.equal('"abc"');
  });
});
