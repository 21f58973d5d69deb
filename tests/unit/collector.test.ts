import { setImmediate as nextTurn } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { collector } from "../../provider/collector";

describe("the collector", () => {
  it("frees what nothing uses any more", async () => {
    let registry: FinalizationRegistry<undefined> | undefined;
    const freed = new Promise<void>((resolve) => {
      registry = new FinalizationRegistry(() => resolve());
      registry.register(new Uint8Array(1024 * 1024), undefined);
    });
    // A reference that was just made holds its object until the end of the turn.
    await nextTurn();
    collector()("major");
    await freed;
    expect(registry).to.exist;
  });

  it("is offered to nobody else", () => {
    collector();
    expect(runInNewContext("typeof gc")).to.equal("undefined");
  });
});
