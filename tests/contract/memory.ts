import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import type { Ground } from "./ground";

const PROGRAM = resolve(__dirname, "../support/stores-memory.ts");

/** In megabytes: several times what all parts on their way take, and a few times that. */
const SIZES = [64, 256];
const SIZES_OF_SLOW = [32, 160];

/**
 * What a runtime's heap may grow by between two collections; the parts have their own. Less than the sizes differ by:
 * a store that kept the whole object would be seen.
 */
const SLACK = 64;

export function memory(ground: Ground): void {
  describe("memory", () => {
    const sizes = ground.kind.slow === true ? SIZES_OF_SLOW : SIZES;
    it(`is no more for ${sizes[1]} MiB than for ${sizes[0]} MiB`, async () => {
      const target = ground.server.url("memory");
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--import", "tsx", PROGRAM, target, ...sizes.map(String)],
        { env: process.env },
      );
      const told = stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ").map(Number));
      expect(told.map(([size]) => size)).to.deep.equal(sizes);
      expect(told[1]![1]! - told[0]![1]!).to.be.below(SLACK);
    });
  });
}
