import { expect } from "chai";
import { RateWindow } from "../../provider/rateWindow";

describe("the rate of a server", () => {
  it("is judged once it was waited for as long as the window", () => {
    const window = new RateWindow(1000, 1000);
    expect([window.add(400, 1), window.add(400, 1), window.add(400, 1)]).to.deep.equal([undefined, undefined, false]);
    expect([window.add(500, 500), window.add(500, 500)], "each window by itself").to.deep.equal([undefined, true]);
  });

  it("does not count the time in which nobody waited", () => {
    const window = new RateWindow(1000, 1000);
    for (let i = 0; i < 100; i++) expect(window.add(0, 1)).to.equal(undefined);
    expect(window.add(1000, 900)).to.equal(true);
  });

  it("is fast when a burst follows a long silence", () => {
    expect(new RateWindow(1000, 1000).add(3_600_000, 64 * 1024 * 1024)).to.equal(true);
  });
});
