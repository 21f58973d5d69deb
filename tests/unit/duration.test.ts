import { expect } from "chai";
import fc from "fast-check";
import { parseDuration } from "../../provider/duration";
import { SnapshotError } from "../../provider/errors";

describe("a duration", () => {
  const cases: [string, number][] = [
    ["500ms", 500],
    ["90s", 90_000],
    ["90m", 5_400_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["1h30m", 5_400_000],
    ["1w2d3h4m5s6ms", 788_645_006],
    ["0.5h", 1_800_000],
    ["0s", 0],
    ["PT20H", 72_000_000],
    ["P7D", 604_800_000],
    ["P2W", 1_209_600_000],
    ["PT0.5H", 1_800_000],
    ["P1DT2H3M4.5S", 93_784_500],
  ];
  for (const [text, milliseconds] of cases) {
    it(`of ${text} is ${milliseconds} ms`, () => {
      expect(parseDuration(text)).to.equal(milliseconds);
    });
  }

  it("means the same in both ways of writing it", () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(99), fc.nat(99), fc.nat(99), (days, hours, minutes, seconds) => {
        const iso = `P${days}DT${hours}H${minutes}M${seconds}S`;
        expect(parseDuration(`${days}d${hours}h${minutes}m${seconds}s`)).to.equal(parseDuration(iso));
      }),
    );
  });

  for (const text of [
    "",
    "soon",
    "30",
    "-5s",
    "5 s",
    "1y",
    "P1Y",
    "P1M",
    "P",
    "PT",
    "P1DT",
    "P1.2.3D",
    "P.D",
    "P5.D",
    "1h 30m",
    "1h1h",
    "30m1h",
    "5ms1s",
    "1e3s",
    "9".repeat(30) + "d",
  ]) {
    it(`is refused when it is written ${JSON.stringify(text)}, with the ways there are`, () => {
      expect(() => parseDuration(text))
        .to.throw(SnapshotError, JSON.stringify(text))
        .with.property("hint")
        .that.matches(/90s.*PT20H/);
    });
  }
});
