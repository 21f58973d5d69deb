import { expect } from "chai";
import { checkRetention, readRetention, RETENTION_KEYS } from "../../../provider/args/retention";

describe("the argument retention", () => {
  it("holds counts and a duration", () => {
    const given = {
      keepLast: 3,
      keepWithin: "2d",
      keepHourly: 24,
      keepDaily: 7,
      keepWeekly: 5,
      keepMonthly: 12,
      keepYearly: 75,
    };
    expect(Object.keys(given)).to.have.members([...RETENTION_KEYS]);
    expect(checkRetention(given)).to.be.empty;
    const { keepWithin, ...counts } = given;
    expect(keepWithin).to.equal("2d");
    expect(readRetention(given)).to.deep.equal({ ...counts, keepWithinMs: 2 * 24 * 60 * 60 * 1000 });
  });

  it("may be absent, empty or not known yet", () => {
    for (const value of [
      undefined,
      null,
      {},
      Symbol("unknown"),
      { keepLast: Symbol("unknown") },
      { keepWithin: undefined },
    ]) {
      expect(checkRetention(value)).to.be.empty;
      expect(readRetention(value)).to.deep.equal({});
    }
  });

  const refused: readonly [unknown, RegExp][] = [
    [7, /^retention must be an object such as/],
    [[], /^retention must be an object/],
    [{ keepLast: 0 }, /^retention.keepLast must be a positive integer/],
    [{ keepDaily: -1 }, /^retention.keepDaily must be a positive integer/],
    [{ keepDaily: 1.5 }, /positive integer/],
    [{ keepDaily: "7" }, /positive integer/],
    [{ keepLst: 7 }, /did you mean keepLast\?/],
    [{ somethingElse: 7 }, /known are keepLast, /],
    [{ keepWithin: 7 }, /^retention.keepWithin must be a duration such as/],
    [{ keepWithin: "soon" }, /^retention.keepWithin: "soon" is not a duration\. Write a number/],
    [{ keepWithin: "0s" }, /greater than zero/],
  ];
  for (const [value, reason] of refused) {
    it(`is refused as ${JSON.stringify(value)}, with what to write`, () => {
      const problems = checkRetention(value);
      expect(problems).to.have.length(1);
      expect(problems[0]?.reason).to.match(reason);
    });
  }

  it("tells every problem, each with its path", () => {
    expect(checkRetention({ keepLast: 0, keepWithin: "x", keepDaily: 1 }).map(({ path }) => path)).to.deep.equal([
      "retention.keepLast",
      "retention.keepWithin",
    ]);
  });
});
