import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect } from "chai";
import { generatedArchive } from "../support/archives/generatedArchive";
import { effort } from "../support/effort";
import { temporaryFolder } from "../support/programs/saving";

const MB = 1024 * 1024;
/** Many records: what is kept of each would add up. */
const VALUE_BYTES = 1024;
const MOST_MB = 100;
/** The process writes its own peak when it ends, in kilobytes. */
const PEAK = `process.on("exit", () => require("node:fs").writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));`;

describe("the memory of a comparison", function () {
  this.timeout(600_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  before(async () => {
    folder = await temporaryFolder();
    await writeFile(path("peak.cjs"), PEAK);
  });
  after(() => folder.remove());

  const size = effort.choose(200, 1024);
  it(`of ${size} MB is at most ${MOST_MB} MB more than that of a small one`, async () => {
    const peaks: number[] = [];
    for (const megabytes of [1, size]) {
      // Every second record of one archive is in the other one, with another value.
      for (const [name, valueBytes] of [
        ["a.snap", VALUE_BYTES],
        ["b.snap", 2 * VALUE_BYTES],
      ] as const) {
        await pipeline(generatedArchive(megabytes * MB, valueBytes), createWriteStream(path(name)));
      }
      const args = ["diff", path("a.snap"), path("b.snap"), "--summary", "--format", "json"];
      const child = spawn(process.execPath, ["--require", path("peak.cjs"), resolve("dist/cli/main.js"), ...args], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, PEAK_FILE: path("peak") },
      });
      let [out, err] = ["", ""];
      child.stdout.on("data", (text: Buffer) => (out += text.toString()));
      child.stderr.on("data", (text: Buffer) => (err += text.toString()));
      expect(await once(child, "close"), err).to.deep.equal([1, null]);
      const { types } = JSON.parse(out) as { types: { type: string; removed: number; changed: number }[] };
      const keys = types.find(({ type }) => type === "KVS");
      expect(keys?.changed).to.be.at.least((megabytes * MB) / (3 * VALUE_BYTES));
      expect(keys?.removed).to.be.at.least((megabytes * MB) / (3 * VALUE_BYTES));
      peaks.push(Number(await readFile(path("peak"), "utf8")) / 1024);
    }
    const [small, large] = peaks as [number, number];
    console.log(`      ${small.toFixed(0)} MB for 1 MB, ${large.toFixed(0)} MB for ${size} MB`);
    expect(large - small).to.be.below(MOST_MB);
  });
});
