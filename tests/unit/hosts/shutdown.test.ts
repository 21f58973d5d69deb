import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect } from "chai";

/** A provider that works until it is aborted, and then cleans up. */
const PROGRAM = `
const { runStoppable } = require(${JSON.stringify(resolve("dist/provider/hosts/shutdown.js"))});
setInterval(() => undefined, 1000);
void runStoppable((signal) => new Promise((done) => {
  signal.addEventListener("abort", () => setImmediate(() => { console.log("cleaned up"); done(); }));
  console.log("working");
}));
`;

describe("work of a provider", function () {
  this.timeout(60_000);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2", "SIGXCPU"] as const) {
    it(`is aborted by ${signal}, and the process ends once it has cleaned up`, async () => {
      const child = spawn(process.execPath, ["--eval", PROGRAM], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      child.stdout.on("data", (part: Buffer) => {
        text += String(part);
        if (text === "working\n") child.kill(signal);
      });
      expect(await once(child, "close")).to.deep.equal([1, null]);
      expect(text).to.equal("working\ncleaned up\n");
    });
  }
});
