import { expect } from "chai";
import fc from "fast-check";
import { mayBelongTo, withMark } from "../../../provider/catalog/series";
import { SERIES } from "../../support/archives/prunedArchives";

describe("the mark of a series in a manifest's length", () => {
  it("is found again, whatever the text, and the text is the same", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20_000, unit: "grapheme" }), fc.string(), (text, series) => {
        const marked = withMark(text, series);
        expect(marked.startsWith(text)).to.equal(true);
        expect(marked.slice(text.length)).to.match(/^ *\n$/);
        expect(mayBelongTo(series, Buffer.byteLength(marked))).to.equal(true);
      }),
    );
  });

  it("tells the series of 1,000 stacks apart", () => {
    const lengths = Array.from({ length: 1000 }, (_, at) => withMark("{}", `acme/shop/stack-${at}/backup`).length);
    expect(lengths.filter((length) => mayBelongTo(SERIES, length)).length).to.be.below(5);
  });

  it("that is missing leaves it open whose a manifest is", () => {
    expect(mayBelongTo(SERIES, 1500)).to.equal(true);
  });
});
