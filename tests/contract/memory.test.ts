import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { Ground } from "../support/stores/ground";
import { STORES } from "../support/stores/stores";
import { compiledProgram } from "../support/programs/compiled";

/** In megabytes: several times what all parts on their way take, and a few times that. */
const SIZES = [64, 256];
const SIZES_OF_SLOW = [32, 160];

/**
 * What a runtime's heap may grow by between two collections; the parts have their own. Less than the sizes differ by:
 * a store that kept the whole object would be seen.
 */
const SLACK = 64;

for (const kind of STORES) {
  describe(`the memory of an upload and a download, ${kind.name}`, function () {
    this.timeout(180_000);
    const ground = new Ground(kind);
    before(() => ground.start());
    after(() => ground.stop());

    const sizes = kind.slow === true ? SIZES_OF_SLOW : SIZES;
    it(`is no more for ${sizes[1]} MiB than for ${sizes[0]} MiB`, async () => {
      const target = ground.server.url("memory");
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [compiledProgram("storeMemory"), target, ...sizes.map(String)],
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
