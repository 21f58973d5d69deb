import { PassThrough } from "node:stream";
import { expect } from "chai";
import { interruptibleOn } from "../../../cli/terminal/interruption";
import { Output } from "../../../cli/terminal/output";
import { untilAborted } from "../../../provider/abort";
import { explain } from "../../../provider/errors";

describe("the progress of a command that is interrupted", () => {
  it("says what remains on a line of its own, and no longer listens to signals", async () => {
    const stream = new PassThrough();
    const errors = new Output(Object.assign(stream, { isTTY: true }));
    const listeners = process.listenerCount("SIGTERM");
    async function* endless(): AsyncGenerator<never> {
      yield await new Promise<never>(() => undefined);
    }
    const failure = await interruptibleOn(errors, "nothing was written", async (progress) => {
      progress.status({ phase: "readingArchive", location: "a.snap" });
      process.emit("SIGTERM", "SIGTERM");
      for await (const never of untilAborted(endless(), progress.signal)) expect.fail(String(never));
    }).catch(explain);
    expect(failure).to.equal("interrupted (SIGTERM): nothing was written (INTERRUPTED)\nRun it again.");
    expect(String(stream.read())).to.match(/reading a\.snap\r\u001b\[2K$/);
    expect(process.listenerCount("SIGTERM")).to.equal(listeners);
  });

  it("lets other failures be, and ends the progress", async () => {
    const stream = new PassThrough();
    const errors = new Output(Object.assign(stream, { isTTY: true }));
    const failure = await interruptibleOn(errors, "nothing was written", () =>
      Promise.reject(new Error("the disk is on fire")),
    ).catch(explain);
    expect(failure).to.equal("the disk is on fire");
    expect(String(stream.read())).to.equal("\r\u001b[2K");
  });
});
