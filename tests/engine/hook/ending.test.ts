/** A hook in a program of its own: what it loads, and its save when the run ends in its middle. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { inspect, until } from "../../support/consul/consul";
import { type HeldConsul, heldConsul, realArchive } from "../../support/faults/heldConsul";
import { isAlive, pidsBelow, providerPids, PulumiProject } from "../../support/pulumi/project";
import { SECRETS_PROVIDER } from "../../support/pulumi/secretsProvider";

const PROGRAM = `
const pulumi = require("@pulumi/pulumi");
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const { snapshotBefore } = require("pulumi-consul-snapshot");
const provider = {
  create: async (inputs) => ({ id: "x", outs: inputs }),
  diff: async (id, olds, news) => ({ changes: olds.version !== news.version }),
  update: async (id, olds, news) => ({ outs: news }),
};
const program = async () => {
  const hooks = snapshotBefore("pre-upgrade", { target: process.cwd() + "/backups/" });
  new pulumi.dynamic.Resource(provider, "upgraded", { version: process.env.VERSION }, { hooks });
};
process.on("exit", () => {
  const loaded = Object.keys(require.cache).filter((path) => path.includes("/dist/provider/"));
  console.log(loaded.length > 0 ? "the provider's code was loaded" : "the provider's code was not loaded");
});
LocalWorkspace.createOrSelectStack({ stackName: "dev", projectName: "hooked", program }, { workDir: ".", secretsProvider: "${SECRETS_PROVIDER}" })
  .then((stack) => stack.up({ onOutput: (text) => process.stdout.write(text) }))
  .catch((error) => {
    console.log(String(error));
    process.exitCode = 1;
  });
`;

describe("a hook's save that is cut off, in a program that loads the provider's code only for it", function () {
  this.timeout(240_000);
  let archive: Buffer;
  let consul: HeldConsul;
  let project: PulumiProject;
  let orphans: number[];

  before(async () => {
    archive = await realArchive();
  });
  beforeEach(async () => {
    consul = await heldConsul(archive);
    project = await PulumiProject.create("", { env: { CONSUL_HTTP_ADDR: consul.address } });
    await writeFile(project.path("run.cjs"), PROGRAM);
    orphans = [];
  });
  afterEach(async () => {
    // Pulumi leaves the provider of the resource that is updated, which is not ours.
    for (const pid of orphans) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    await consul.stop();
    await project.remove();
  });

  async function backups(): Promise<string[]> {
    return readdir(project.path("backups")).catch(() => []);
  }

  function run(env: Readonly<Record<string, string>>) {
    const program = spawn(process.execPath, ["run.cjs"], {
      cwd: project.dir,
      env: project.environment(env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [program.stdout, program.stderr]) stream.on("data", (part: Buffer) => (text += String(part)));
    const ended = once(program, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    return { program, ended, output: () => text };
  }

  /** A run whose hook has saved half of its archive. */
  async function halfway() {
    const first = run({ VERSION: "1" });
    expect(await first.ended, first.output()).to.deep.equal([0, null]);
    expect(first.output()).to.include("the provider's code was not loaded");
    const running = run({ VERSION: "2" });
    await until("the save to be under way", async () => {
      if (running.program.exitCode !== null) throw new Error(running.output());
      return (await backups()).some((name) => name.endsWith(".partial")) ? true : undefined;
    });
    const [cli] = pidsBelow(running.program, /^pulumi up /);
    if (cli === undefined) throw new Error("no pulumi");
    orphans = providerPids(running.program);
    return { ...running, cli };
  }

  it("because pulumi was killed, stops and leaves nothing", async () => {
    const { cli, ended } = await halfway();
    process.kill(cli, "SIGKILL");
    expect(await ended).to.deep.equal([1, null]);
    expect(await backups()).to.be.empty;
  });

  it("because pulumi was told twice to stop, stops and leaves nothing", async () => {
    const { cli, ended, output } = await halfway();
    process.kill(cli, "SIGINT");
    await until("pulumi to take the first", () =>
      Promise.resolve(output().includes("press ^C again") ? true : undefined),
    );
    process.kill(cli, "SIGINT");
    expect(await ended).to.deep.equal([1, null]);
    expect(await backups()).to.be.empty;
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`because its program got ${signal}, leaves nothing and the resource as it was, and the next run works`, async () => {
      const { program, ended, output } = await halfway();
      program.kill(signal);
      expect(await ended).to.deep.equal([1, null]);
      expect(output()).to.match(/pre-upgrade: no backup, so no update: .* was interrupted \(INTERRUPTED\)/);
      expect(await backups()).to.be.empty;
      const next = run({ VERSION: "2" });
      expect(await next.ended, next.output()).to.deep.equal([0, null]);
      expect(next.output()).to.include("the provider's code was loaded");
      const [name = ""] = (await backups()).filter((each) => each.endsWith(".snap"));
      await inspect(project.path("backups", name));
    });
  }

  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    it(`because each process of the run got ${signal}, as service managers send it, leaves nothing`, async () => {
      const { program, ended } = await halfway();
      for (const pid of [program.pid ?? -1, ...pidsBelow(program, /./)]) process.kill(pid, signal);
      // The program ends with an error, or as the signal ends it: its save is aborted, and pulumi goes at the same time.
      const [code] = await ended;
      expect(code).to.not.equal(0);
      expect(await backups()).to.be.empty;
    });
  }

  it("by nothing: after one Ctrl-C to pulumi alone the save is finished, and the update made", async () => {
    const { cli, ended, output } = await halfway();
    process.kill(cli, "SIGINT");
    await until("pulumi to take it", () => Promise.resolve(output().includes("press ^C again") ? true : undefined));
    consul.release();
    await ended;
    const [name = ""] = (await backups()).filter((each) => each.endsWith(".snap"));
    await inspect(project.path("backups", name));
    expect(output()).to.match(/Resource upgraded updated/);
  });
});
