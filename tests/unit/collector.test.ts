import { setImmediate as nextTurn } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { collector } from "../../provider/collector";

describe("the collector", () => {
  it("frees what nothing uses any more, at once", async () => {
    const unused = new WeakRef(new Uint8Array(1024 * 1024));
    // A reference that was just made holds its object until the end of the turn.
    await nextTurn();
    collector()({ type: "major" });
    expect(unused.deref()).to.equal(undefined);
  });

  it("is offered to nobody else", () => {
    collector();
    expect(runInNewContext("typeof gc")).to.equal("undefined");
  });
});
