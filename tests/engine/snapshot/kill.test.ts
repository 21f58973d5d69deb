import type { ChildProcess } from "node:child_process";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { inspect, until } from "../../support/consul/consul";
import { type HeldConsul, heldConsul, realArchive } from "../../support/faults/heldConsul";
import { isAlive, pidsBelow, providerPids, PulumiProject } from "../../support/pulumi/project";

const PROGRAM = `new ConsulSnapshot("backup", { target: "./backups/" });`;

describe("a save that is cut off", function () {
  this.timeout(120_000);
  let archive: Buffer;
  let consul: HeldConsul;
  let project: PulumiProject;

  before(async () => {
    archive = await realArchive();
  });
  beforeEach(async () => {
    consul = await heldConsul(archive);
    project = await PulumiProject.create(PROGRAM, { config: { "consul:address": consul.address } });
  });
  afterEach(async () => {
    await consul.stop();
    await project.remove();
  });

  async function backups(): Promise<string[]> {
    return readdir(project.path("backups")).catch(() => []);
  }

  /** An `up` whose save has written half of its archive to a temporary file. */
  async function halfway(): Promise<{
    cli: ChildProcess;
    provider: number;
    ended: Promise<unknown>;
    output: () => string;
  }> {
    const { child, output } = project.start(["up", "--yes", "--skip-preview"]);
    const ended = new Promise((done) => child.on("close", done));
    await until("the save to be under way", async () => {
      if (child.exitCode !== null) throw new Error(output());
      return (await backups()).some((name) => name.endsWith(".partial")) ? true : undefined;
    });
    const [provider] = providerPids(child);
    if (provider === undefined) throw new Error("no provider process");
    return { cli: child, provider, ended, output };
  }

  it("because pulumi was killed, stops, leaves nothing, and the next up works once the lock is lifted", async () => {
    const { cli, provider } = await halfway();
    cli.kill("SIGKILL");
    await until("the provider to end", () => Promise.resolve(isAlive(provider) ? undefined : true));
    expect(await backups()).to.be.empty;
    expect(await project.upFails()).to.include("locked");
    await project.run(["cancel", "--yes"]);
    await project.up();
    await inspect(String((await project.outputs()).location));
  });

  it("because the provider was killed, leaves no archive, and a day later the temporary file is swept", async () => {
    const { provider, ended, output } = await halfway();
    process.kill(provider, "SIGKILL");
    await ended;
    expect(output()).to.include("error");
    const [partial, ...others] = await backups();
    expect(partial).to.match(/^\.consul-snapshot-.*\.partial$/);
    expect(others).to.be.empty;
    const dayAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(project.path("backups", partial ?? ""), dayAgo, dayAgo);
    await project.up();
    expect((await backups()).filter((name) => name.endsWith(".partial"))).to.be.empty;
    await inspect(String((await project.outputs()).location));
  });

  it("because Ctrl-C was pressed twice, stops and leaves nothing", async () => {
    const { cli, provider, ended, output } = await halfway();
    cli.kill("SIGINT");
    await until("pulumi to take the first", () =>
      Promise.resolve(output().includes("press ^C again") ? true : undefined),
    );
    cli.kill("SIGINT");
    await ended;
    await until("the provider to end", () => Promise.resolve(isAlive(provider) ? undefined : true));
    expect(await backups()).to.be.empty;
  });

  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    it(`because each process of the run got ${signal}, as service managers send it, stops and leaves nothing`, async () => {
      const { cli, provider, ended, output } = await halfway();
      for (const pid of [cli.pid ?? -1, ...pidsBelow(cli, /./)]) process.kill(pid, signal);
      await ended;
      expect(cli.exitCode, output()).to.not.equal(0);
      await until("the provider to end", () => Promise.resolve(isAlive(provider) ? undefined : true));
      expect(await backups()).to.be.empty;
    });
  }

  it("by nothing: after one Ctrl-C the running save is finished, and recorded", async () => {
    const { cli, ended } = await halfway();
    cli.kill("SIGINT");
    consul.release();
    await ended;
    await inspect(String((await project.outputs()).location));
    expect(await backups()).to.have.lengthOf(2);
  });

  it("does not touch what others keep in the folder", async () => {
    const { cli, provider } = await halfway();
    const neighbour = join(project.path("backups"), "notes.txt");
    await writeFile(neighbour, "mine");
    cli.kill("SIGKILL");
    await until("the provider to end", () => Promise.resolve(isAlive(provider) ? undefined : true));
    expect(await readFile(neighbour, "utf8")).to.equal("mine");
    expect(await backups()).to.deep.equal(["notes.txt"]);
  });
});
