import { expect } from "chai";
import type { WorkEvent } from "../../provider/events";
import { paced, startProgress } from "../../provider/progressInterval";
import { describeEvent } from "../../provider/progressWording";

describe("progress where lines stay", () => {
  it("is shown when a phase begins, at growing intervals, and at the end", () => {
    let now = 0;
    const shown: string[] = [];
    const show = paced(
      (event) => shown.push(`${now / 1000} ${event.phase}`),
      10_000,
      () => now,
    );
    for (; now < 1_800_000; now += 1000) show({ phase: "connecting", elapsedMs: now });
    show({ phase: "saved", done: 1, elapsedMs: now });
    expect(shown.slice(0, 5)).to.deep.equal([
      "0 connecting",
      "10 connecting",
      "30 connecting",
      "70 connecting",
      "130 connecting",
    ]);
    expect(shown.at(-1)).to.equal("1800 saved");
    expect(shown).to.have.length.below(40);
  });

  it("ends with the last of what is counted, where it began with less", () => {
    const shown: string[] = [];
    const show = paced(
      (event) => shown.push(describeEvent(event)),
      10_000,
      () => 0,
    );
    for (let done = 0; done <= 3; done++) show({ phase: "verifyingKept", done, total: 3 });
    show({ phase: "verifyingKept", done: 3, total: 3 });
    show({ phase: "verifyingArchive", done: 100, total: 100 });
    expect(shown).to.deep.equal([
      "retention: verified 0 of 3 archives that stay",
      "retention: verified 3 of 3 archives that stay",
      "verifying the archive: 0.1 kB of 0.1 kB",
    ]);
  });

  it("does not repeat two phases that take turns", () => {
    const shown: string[] = [];
    const show = paced(
      ({ phase }) => shown.push(phase),
      10_000,
      () => 0,
    );
    for (let i = 0; i < 100; i++) {
      show({ phase: "readingBack" });
      show({ phase: "stillAsBefore" });
    }
    expect(shown).to.deep.equal(["readingBack", "stillAsBefore"]);
  });
});

describe("the wording of events", () => {
  for (const [event, sentence] of [
    [{ phase: "queued", running: 1, address: "http://c\n:1" }, "waiting for another snapshot of http://c :1"],
    [{ phase: "queued", running: 4 }, "waiting for one of 4 other snapshots"],
    [{ phase: "connecting", elapsedMs: 1004 }, "connecting to Consul: 1 s"],
    [{ phase: "waitingForSnapshot", elapsedMs: 5004 }, "waiting for Consul to write its snapshot: 5 s"],
    [{ phase: "receiving", done: 2e6, rate: 1.5e6 }, "2.0 MB received, 1.5 MB/s"],
    [{ phase: "sending", done: 100, total: 2e6 }, "restoring: 0.1 kB of 2.0 MB sent"],
    [{ phase: "restored", outcome: "exact", adopted: true }, "was restored before: exact"],
  ] as readonly (readonly [WorkEvent, string])[]) {
    it(`says "${sentence}"`, () => expect(describeEvent(event)).to.equal(sentence));
  }
});

describe("the progress of a snapshot", () => {
  /** The first that is shown. */
  const first = async (prepare: (progress: ReturnType<typeof startProgress>) => void): Promise<WorkEvent> => {
    let shown: (event: WorkEvent) => void = () => undefined;
    const event = new Promise<WorkEvent>((resolve) => (shown = resolve));
    const progress = startProgress((each) => shown(each));
    prepare(progress);
    // The timer of the progress keeps no process alive.
    const alive = setInterval(() => undefined, 1000);
    try {
      return await event;
    } finally {
      clearInterval(alive);
      progress.stop();
    }
  };

  it("says that Consul writes a snapshot only while it is connected, and nothing in a pause before another attempt", async () => {
    const [waiting, lost, kept, paused] = await Promise.all([
      first((progress) => progress.connected()),
      first((progress) => {
        progress.connected();
        progress.retrying(false, 0);
      }),
      first((progress) => {
        progress.connected();
        progress.retrying(true, 0);
      }),
      first((progress) => progress.retrying(false, 1500)),
    ]);
    const phases = [waiting, lost, kept, paused].map(({ phase }) => phase);
    expect(phases).to.deep.equal(["waitingForSnapshot", "connecting", "waitingForSnapshot", "connecting"]);
    expect("elapsedMs" in paused && paused.elapsedMs).to.be.at.least(1500);
  });
});
