import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { bytesOf } from "../../../provider/restore/receipt";
import { Receipts } from "../../../provider/restore/receipts";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";

/** What restores of version 0.1.0 wrote: one was proved, one was cut off while it was sent. */
const FOLDER = resolve("tests/fixtures/state-0.1.0-restores");

describe("a receipt of version 0.1.0", () => {
  for (const [runId, isProved] of [
    ["the rollback, restored", true],
    ["the rollback, begun", false],
  ] as const) {
    const file = readdirSync(FOLDER)
      .filter((name) => name.endsWith(".receipt.json"))
      .map((name) => join(FOLDER, name))
      .find((path) => read(path).runId === runId);

    it(`of a run that was ${isProved ? "proved" : "only begun"} is found, and nothing of it is lost`, async () => {
      const source = parseLocation(`${FOLDER}/known-good.snap`);
      const store = await openStore(source);
      const receipts = await Receipts.open({ safetySnapshot: false, source }, () => Promise.resolve(store));
      const unable = (error: unknown): never => {
        throw error;
      };
      const found = await receipts.find(runId, unable, new AbortController().signal);
      expect(found.map(({ location }) => location)).to.deep.equal([file]);
      const [receipt] = found;
      expect(receipt?.result?.outcome).to.equal(isProved ? "exact" : undefined);
      // Written again, it says the same: but for the version that writes it, and for where it was found.
      const again = JSON.parse(Buffer.from(bytesOf(receipt!.attempt, receipt!.result)).toString()) as Written;
      const before = read(file!);
      const moved = { receipt: file, writtenBy: again.writtenBy };
      expect(again).to.deep.equal({
        ...before,
        ...moved,
        ...(before.result === undefined ? {} : { result: { ...before.result, receipt: file } }),
      });
    });
  }
});

interface Written {
  readonly runId: string;
  readonly writtenBy: string;
  readonly result?: object;
}

function read(path: string): Written {
  return JSON.parse(readFileSync(path, "utf8")) as Written;
}
