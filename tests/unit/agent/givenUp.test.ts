import { expect } from "chai";
import { pauseAfterGivingUp } from "../../../agent/givenUp";

const NOW = new Date("2026-11-23T00:00:00.000Z");
const inMinutes = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);
const pauses = (nextStarts: readonly Date[]): number[] =>
  [1, 2, 3, 8, 2000].map((times) => pauseAfterGivingUp(times, nextStarts, NOW) / 1000);

describe("the pause of an agent that gave up its leadership", () => {
  it("doubles each time, up to when the next snapshot is due", () => {
    expect(pauses([inMinutes(60), inMinutes(45)])).to.deep.equal([30, 60, 120, 45 * 60, 45 * 60]);
  });

  it("leaves half a minute to others, also where a snapshot is due before", () => {
    expect(pauses([inMinutes(0.1), inMinutes(-3)])).to.deep.equal([30, 30, 30, 30, 30]);
  });
});
