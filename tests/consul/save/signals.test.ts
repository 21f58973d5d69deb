import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { expect } from "chai";
import { until } from "../../support/consul/consul";
import { generatedArchive } from "../../support/archives/generatedArchive";
import { heldConsul } from "../../support/faults/heldConsul";
import { temporaryFolder } from "../../support/programs/saving";

describe("the command save, in the middle of an archive,", function () {
  this.timeout(60_000);

  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2"] as const) {
    it(`leaves nothing when ${signal} comes to its process group, and its exit code says so`, async () => {
      const [consul, folder] = [await heldConsul(await buffer(generatedArchive(2_000_000))), await temporaryFolder()];
      try {
        const args = ["dist/cli/main.js", "save", `${folder.path}/`, "--http-addr", consul.address];
        const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], detached: true });
        let err = "";
        child.stderr.on("data", (bytes: Buffer) => (err += bytes.toString()));
        const ended = once(child, "close");
        await until("the archive to be half there", async () => {
          if (child.exitCode !== null) throw new Error(err);
          return (await readdir(folder.path)).some((name) => name.endsWith(".partial")) ? true : undefined;
        });
        process.kill(-(child.pid ?? Number.NaN), signal);
        expect(await ended, err).to.deep.equal([2, null]);
        expect(err).to.match(/was interrupted \(INTERRUPTED\)/);
        expect(await folder.entries()).to.deep.equal([]);
      } finally {
        await consul.stop();
        await folder.remove();
      }
    });
  }
});
