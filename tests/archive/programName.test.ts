import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { temporaryFolder } from "../support/programs/saving";

describe("a printed command line begins as the user types it", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => (folder = await temporaryFolder()));
  after(() => folder.remove());

  for (const [title, bin, args, line] of [
    ["on the PATH", "bin", ["verifi"], "consul-snapshot verify?"],
    ["in a folder's node_modules", "node_modules/.bin", ["verifi"], "npx --no consul-snapshot verify?"],
    ["also that of Consul", "node_modules/.bin", ["list", "--stale"], "npx --no consul-snapshot save --stale?"],
    // npx answers for itself without this `--`.
    ["help, of the program", "node_modules/.bin", ["xyzzyxyz"], "Run npx --no -- consul-snapshot --help."],
    ["its version", "node_modules/.bin", ["version"], "Did you mean npx --no -- consul-snapshot --version?"],
    ["not the agent, which runs elsewhere", "node_modules/.bin", ["agent", "x"], "Run consul-snapshot agent --help."],
  ] as const) {
    it(title, async () => {
      await mkdir(join(folder.path, bin), { recursive: true });
      const link = join(folder.path, bin, `consul-snapshot-${args[0]}`);
      await symlink(resolve("dist/cli/main.js"), link);
      const ended = await promisify(execFile)(process.execPath, [link, ...args]).catch((error: unknown) => error);
      expect(ended)
        .to.have.property("stderr")
        .that.matches(new RegExp(`\\n.*\\b${line.replaceAll(/[.?]/g, "\\$&")}\\n$`));
    });
  }

  it("in a Pulumi program, whose folder has the package", async () => {
    const provider = `
      const { call } = require(${JSON.stringify(resolve("dist/provider/runtime.js"))});
      const { programName } = require(${JSON.stringify(resolve("dist/provider/program.js"))});
      call("ConsulSnapshot", "configure", [{ config: { get: () => undefined } }])
        .then(() => process.stdout.write(programName(), () => process.exit(0)));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", provider]);
    expect(stdout).to.equal("npx --no consul-snapshot");
  });
});
