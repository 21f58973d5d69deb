import { getEventListeners } from "node:events";
import { expect } from "chai";
import { inParallel } from "../../../provider/store/inParallel";

describe("requests several at once", () => {
  const items = Array.from({ length: 50 }, (_, at) => at);

  it("are all made, in order, and no more than eight at once", async () => {
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    await inParallel(items, new AbortController().signal, async (item) => {
      begun.push(item);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
    });
    expect(begun).to.deep.equal(items);
    expect(most).to.equal(8);
  });

  it("end with the first failure: what had begun is awaited, and nothing more is begun", async () => {
    let ended = 0;
    const failure = new Error("the first");
    const thrown: unknown = await inParallel(items, new AbortController().signal, async (item) => {
      if (item === 0) throw failure;
      await new Promise(setImmediate);
      ended += 1;
    }).catch((error: unknown) => error);
    expect(thrown).to.equal(failure);
    expect(ended).to.equal(7);
  });

  it("listen to the signal once, however many there are: Node warns of more than ten", async () => {
    const { signal } = new AbortController();
    const counts: number[] = [];
    await inParallel(items, signal, async () => {
      await Promise.resolve();
      counts.push(getEventListeners(signal, "abort").length);
    });
    expect(Math.max(...counts)).to.equal(1);
  });

  it("end when they are called off", async () => {
    const stop = new AbortController();
    const begun: number[] = [];
    const thrown: unknown = await inParallel(items, stop.signal, async (item) => {
      begun.push(item);
      await Promise.resolve();
      stop.abort();
    }).catch((error: unknown) => error);
    expect(thrown).to.equal(stop.signal.reason);
    expect(begun).to.have.length(8);
  });
});
