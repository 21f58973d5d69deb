import { expect } from "chai";
import { systemClock } from "../../../agent/clock";

describe("the system's clock", () => {
  const original = { ...systemClock };
  afterEach(() => Object.assign(systemClock, original));

  it("ends a wait that the clock was set back in", async () => {
    const until = new Date(Date.now() + 50);
    const waiting = systemClock.wait(until, new AbortController().signal);
    systemClock.now = () => new Date(Date.now() - 24 * 3_600_000);
    await waiting;
    expect(Date.now()).to.be.at.least(until.getTime() - 5);
  });
});
