import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { laterIn } from "../support/clock";
import { type ConsulServer, startConsul } from "../support/consul";
import { PulumiProject } from "../support/pulumi";

describe("a ConsulSnapshot that looks after itself", function () {
  this.timeout(180_000);
  let consul: ConsulServer;
  let project: PulumiProject;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  afterEach(() => project.remove());

  async function create(program: string): Promise<void> {
    project = await PulumiProject.create(program, { config: { "consul:address": consul.address } });
  }

  async function archives(): Promise<string[]> {
    return (await readdir(project.path("backups"))).filter((name) => name.endsWith(".snap")).sort();
  }

  it("takes a new snapshot when the last one is older than maxAge, and not before", async () => {
    await create(`new ConsulSnapshot("backup", { target: "./backups/", maxAge: "20h" });`);
    const after = await laterIn(project);
    await project.up();
    expect(await project.up(after(19))).to.not.include("snapshot will be taken");
    expect(await archives()).to.have.lengthOf(1);
    const preview = await project.preview(after(26));
    expect(preview).to.include("a new snapshot will be taken: the last one is 26 h old, older than maxAge 20h");
    await project.up(after(26));
    expect(await archives()).to.have.lengthOf(2);
  });

  it("keeps what retention says, of its own series only, and says what was removed and why", async () => {
    await create(`
new ConsulSnapshot("ours", { target: "./backups/", triggers: [env.TRIGGER], retention: { keepLast: 2 } });
new ConsulSnapshot("others", { target: "./backups/", triggers: [env.TRIGGER] });
`);
    for (const trigger of ["1", "2"]) await project.up({ TRIGGER: trigger });
    await writeFile(project.path("backups/stranger.snap"), "not ours");
    const third = await project.up({ TRIGGER: "3" });
    expect(third).to.match(/retention: .*1 .*removed|removed 1/i);
    // Three of the other series, two of ours, one stranger.
    expect(await archives()).to.have.lengthOf(6);
    const outputs = (await project.resources()).map(({ outputs: found }) => found ?? {});
    const ours = outputs.find(({ removed }) => removed !== undefined);
    expect(ours).to.include({ kept: 2, removed: 1 });
  });

  it("reads all of an archive in a refresh when verifyOnRefresh asks for it", async () => {
    await create(`
new ConsulSnapshot("backup", { target: "./backups/", verifyOnRefresh: env.VERIFY === "1" });
`);
    await project.up({ VERIFY: "1" });
    expect(await project.refresh({ VERIFY: "1" })).to.not.include("has changed");
    const [name = ""] = await archives();
    const path = project.path("backups", name);
    const { atime, mtime } = await stat(path);
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    await writeFile(path, bytes);
    await utimes(path, atime, mtime);
    expect(await project.refresh({ VERIFY: "1" })).to.include("has changed");
  });
});
