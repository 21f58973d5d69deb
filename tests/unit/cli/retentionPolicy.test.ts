import { expect } from "chai";
import { retentionPolicy } from "../../../cli/options/retentionPolicy";

describe("the options of retention", () => {
  it("are the policy of the argument", () => {
    expect(retentionPolicy({ keepLast: "3", keepWithin: "2d" }, "prune")).to.deep.equal({
      keepLast: 3,
      keepWithinMs: 2 * 24 * 60 * 60 * 1000,
    });
    expect(retentionPolicy({}, "prune")).to.deep.equal({});
  });

  for (const [options, reason] of [
    [{ keepLast: "0" }, "--keep-last must be a positive integer; omit it for no such rule"],
    [{ keepDaily: "few" }, "--keep-daily must be a positive integer; omit it for no such rule"],
    [{ keepWithin: "0s" }, "--keep-within must be greater than zero; omit it for no such rule"],
    [{ keepWithin: "soon" }, '--keep-within: "soon" is not a duration.'],
  ] as const) {
    it(`are refused by their own names: ${JSON.stringify(options)}`, () => {
      expect(() => retentionPolicy(options, "prune")).to.throw(reason);
    });
  }
});
