import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect } from "chai";
import { startConsul } from "../../support/consul/consul";
import { generatedArchive } from "../../support/archives/generatedArchive";
import { temporaryFolder } from "../../support/programs/saving";
import { compiledProgram } from "../../support/programs/compiled";

const MB = 1024 * 1024;

describe("the memory of a restore", function () {
  this.timeout(300_000);

  it("of 220 MB is at most 100 MB more than that of a small one, from verification to proof", async () => {
    const [consul, folder] = [await startConsul(), await temporaryFolder()];
    try {
      const peaks: number[] = [];
      for (const size of [1 * MB, 220 * MB]) {
        const archive = join(folder.path, `${size}.snap`);
        await pipeline(generatedArchive(size), createWriteStream(archive));
        const script = compiledProgram("restorer");
        const child = spawn(process.execPath, [script, archive, consul.address, `${folder.path}/safety/`, `${size}`], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let said = "";
        child.stdout.on("data", (text: Buffer) => (said += text.toString()));
        await once(child, "close");
        expect(said).to.match(/^(exact|drift)$/m);
        peaks.push(Number(/^peak (\d+)$/m.exec(said)?.[1]) / MB);
      }
      const [small, large] = peaks as [number, number];
      console.log(`      ${small.toFixed(0)} MB for 1 MB, ${large.toFixed(0)} MB for 220 MB`);
      expect(large - small).to.be.below(100);
    } finally {
      await consul.stop();
      await folder.remove();
    }
  });
});
