import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { temporaryFolder } from "../../support/programs/saving";

const TESTS = `
  it("passes", () => undefined);
  it("loses a failure", async () => {
    const lost = Promise.reject(new Error("lost on the way"));
    await new Promise((resolve) => setImmediate(resolve));
    await lost.catch(() => undefined);
  });`;

describe("a promise that is rejected during a test, and that nothing handles,", () => {
  it("fails the test", async () => {
    const folder = await temporaryFolder();
    try {
      const file = join(folder.path, "losing.test.cjs");
      await writeFile(file, TESTS);
      const child = spawn(process.execPath, [resolve("node_modules/mocha/bin/mocha.js"), file], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let out = "";
      child.stdout.on("data", (part: Buffer) => (out += part.toString()));
      const [code] = (await once(child, "close")) as [number | null];
      expect(code, out).to.be.above(0);
      expect(out)
        .to.include("✔ passes")
        .and.include("1) loses a failure")
        .and.include("Caused by: Error: lost on the way");
    } finally {
      await folder.remove();
    }
  });
});
