import { constants, PerformanceObserver } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { collector, releaseBuffers } from "../../provider/collector";

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

  it("collects what is new when some megabytes of buffers were released", async () => {
    const { NODE_PERFORMANCE_GC_FLAGS_FORCED: forced, NODE_PERFORMANCE_GC_MINOR: minor } = constants;
    const collected: object[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries() as unknown as { detail: { kind: number; flags: number } }[]) {
        if (detail.kind === minor && detail.flags === forced) collected.push(detail);
      }
    });
    observer.observe({ entryTypes: ["gc"] });
    for (let released = 0; released < 8 * 1024 * 1024; released += 64 * 1024) releaseBuffers(64 * 1024);
    // The entries of an observer do not wake an idle process.
    while (collected.length === 0) await nextTurn();
    observer.disconnect();
  });

  it("is offered to nobody else", () => {
    collector();
    expect(runInNewContext("typeof gc")).to.equal("undefined");
  });
});
