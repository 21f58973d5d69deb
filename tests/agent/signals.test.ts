import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { lyingConsul } from "../support/faults/lyingConsul";
import { temporaryFolder } from "../support/programs/saving";

describe("an agent in the middle of a save", function () {
  this.timeout(60_000);

  it("ends in order, as at SIGTERM, at a signal that nobody sends to stop a program", async () => {
    let asked = (): void => undefined;
    const underWay = new Promise<void>((resolve) => (asked = resolve));
    const consul = await lyingConsul((response, headers) => {
      response.writeHead(200, headers).flushHeaders();
      asked();
    });
    const folder = await temporaryFolder();
    try {
      const args = ["agent", "-interval=0", `-http-addr=${consul.address}`, `-local-path=${folder.path}`];
      const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (text += String(part)));
      const ended = once(child, "close");
      await Promise.race([underWay, ended]);
      child.kill("SIGALRM");
      expect(await ended, text).to.deep.equal([1, null]);
      expect(text).to.include("was interrupted (INTERRUPTED)");
      expect(await folder.entries()).to.deep.equal([]);
    } finally {
      await consul.stop();
      await folder.remove();
    }
  });
});
