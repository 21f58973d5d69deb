import { join } from "node:path";
import { expect } from "chai";
import { judgingTime } from "../../../cli/status/judgingTime";
import { fileStore } from "../../../provider/store/file/store";
import { keepAt } from "../../support/archives/prunedArchives";
import { runHere } from "../../support/programs/commandLine";
import { temporaryFolder } from "../../support/programs/saving";

const HOUR = 3_600_000;

/** What is judged by, where the store's clock is so much ahead of this machine's. */
async function judgedBy(aheadMs: number): Promise<{ aheadMs: number; warnings: string[] }> {
  const warnings: string[] = [];
  const start = Date.now();
  const store = { now: () => Promise.resolve(new Date(start + aheadMs)) };
  const reporter = { signal: new AbortController().signal, warn: (message: string) => void warnings.push(message) };
  const time = await judgingTime(store, "key", reporter);
  return { aheadMs: time.getTime() - start, warnings };
}

describe("the clock that ages are judged by", () => {
  it("is the later one, with a warning where two differ", async () => {
    const ahead = await judgedBy(3 * HOUR);
    expect(ahead.aheadMs).to.equal(3 * HOUR);
    expect(ahead.warnings.join()).to.match(/the clock of the store is (2 h 59 min|3 h) ahead of that of this machine/);
    const behind = await judgedBy(-3 * HOUR);
    expect(behind.aheadMs).to.be.at.least(0);
    expect(behind.warnings.join()).to.match(/the clock of this machine is (2 h 59 min|3 h) ahead of that of the store/);
    expect((await judgedBy(30_000)).warnings).to.deep.equal([]);
  });

  it("makes an archive too old that this machine takes for a young one", async () => {
    const folder = await temporaryFolder();
    const RealDate = Date;
    try {
      const takenAt = new Date(Date.now() - 2 * HOUR);
      await keepAt(fileStore(), join(folder.path, "a.snap"), { takenAt, index: 1 });
      globalThis.Date = class extends RealDate {
        constructor(...args: [] | [string | number | Date]) {
          super(args.length === 0 ? RealDate.now() - 2.5 * HOUR : args[0]);
        }
      } as DateConstructor;
      const { code, out, err } = await runHere(["status", `${folder.path}/`, "--max-age", "1h"]);
      expect(code).to.equal(1);
      expect(out).to.match(/^NOT OK: .* is 2 h .*old, and may be 1 h/);
      expect(err).to.match(/^warning: the clock of the store is 2 h .*ahead of that of this machine/m);
    } finally {
      globalThis.Date = RealDate;
      await folder.remove();
    }
  });
});
