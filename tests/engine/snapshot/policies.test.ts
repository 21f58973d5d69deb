import { execFile } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import { laterIn } from "../../support/programs/clock";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { makeOld } from "../../support/archives/prunedArchives";
import { PulumiProject } from "../../support/pulumi/project";

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

  /** Changes a bit in the middle of the archive, as a bad disk does: size and time are as they were. */
  async function damage(): Promise<string> {
    const [name = ""] = await project.archives();
    const path = project.path("backups", name);
    const before = await stat(path, { bigint: true });
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    await writeFile(path, bytes);
    await promisify(execFile)("touch", [
      "--date",
      `@${before.mtimeNs / 10n ** 9n}.${String(before.mtimeNs % 10n ** 9n).padStart(9, "0")}`,
      path,
    ]);
    return path;
  }

  it("takes a new snapshot when the last one is older than maxAge, and not before", async () => {
    await create(`new ConsulSnapshot("backup", { target: "./backups/", maxAge: "20h" });`);
    const after = await laterIn(project);
    await project.up();
    expect(await project.up(after(19))).to.not.include("snapshot will be taken");
    expect(await project.archives()).to.have.lengthOf(1);
    const preview = await project.preview(after(26));
    expect(preview).to.include("a new snapshot will be taken: the last one is 26 h old, older than maxAge 20h");
    const { text } = await project.run(["preview", "--json"], after(26));
    expect(text).to.match(/"replaceReasons": \[\s*"maxAge"\s*\]/);
    await project.up(after(26));
    expect(await project.archives()).to.have.lengthOf(2);
  });

  it("takes a new snapshot when the last one is from the future, and then prunes nothing", async () => {
    await create(`new ConsulSnapshot("backup", { target: "./backups/", maxAge: "20h", retention: { keepLast: 1 } });`);
    const at = await laterIn(project);
    await project.up();
    const text = await project.up(at(-1));
    expect(text).to.include("the last one was taken in the future: check for clock skew");
    expect(text).to.match(
      /warning: retention: nothing was removed: the time of .* is in the future: check for clock skew/,
    );
    expect(await project.archives()).to.have.lengthOf(2);
    expect(await project.outputs()).to.include({ kept: 2, removed: 0 });
  });

  it("refuses in the preview what is no duration, and takes those that people type", async () => {
    await create(`
for (const maxAge of env.DURATIONS.split(" ")) new ConsulSnapshot(maxAge, { target: "./backups/", maxAge });
`);
    await project.preview({ DURATIONS: "90m 24h 7d PT20H P7D" });
    const { code, text } = await project.run(["preview"], { DURATIONS: "20" });
    expect(code).to.not.equal(0);
    expect(text).to.include('maxAge: "20" is not a duration');
    expect(text)
      .to.include("Write a number and a unit (90s, 90m, 24h, 7d), or ISO 8601 (PT20H, P7D).")
      .and.not.match(/\n\s+at /);
  });

  it("keeps what retention says, of its own series only, and says what was removed and why", async () => {
    await create(`
new ConsulSnapshot("ours", { target: "./backups/", triggers: [env.TRIGGER], retention: { keepLast: 2 } });
new ConsulSnapshot("others", { target: "./backups/", triggers: [env.TRIGGER] });
`);
    for (const trigger of ["1", "2"]) await project.up({ TRIGGER: trigger });
    await makeOld(project.path("backups"));
    await writeFile(project.path("backups/stranger.snap"), "not ours");
    const third = await project.up({ TRIGGER: "3" });
    expect(third)
      .to.include("retention: kept 2, removed 1\n")
      .and.match(/kept \S+\.snap: new, last 1\n/)
      .and.match(/kept \S+\.snap: last 2\n/)
      .and.match(/removed \S+\.snap: no rule keeps it\n/);
    // Three of the other series, two of ours, one stranger.
    expect(await project.archives()).to.have.lengthOf(6);
    const outputs = (await project.resources()).map(({ outputs: found }) => found ?? {});
    const ours = outputs.find(({ removed }) => removed !== undefined);
    expect(ours).to.include({ kept: 2, removed: 1 });
  });

  it("says beforehand that retention decides about the old archive, and afterwards what came of it", async () => {
    await create(`
new ConsulSnapshot("backup", { target: "./backups/", triggers: [env.TRIGGER], retention: { keepLast: Number(env.KEEP) } });
`);
    await project.up({ TRIGGER: "1", KEEP: "2" });
    const { location: first } = await project.outputs();
    const decides = "once the new one is saved, retention decides whether this archive stays:";
    const kept = await project.up({ TRIGGER: "2", KEEP: "2" });
    expect(kept)
      .to.include(`${decides} ${String(first)}`)
      .and.include(`the archive stays: ${String(first)}`);
    const { location: second } = await project.outputs();
    await makeOld(project.path("backups"));
    const gone = await project.up({ TRIGGER: "3", KEEP: "1" });
    expect(gone)
      .to.include(`${decides} ${String(second)}`)
      .and.include(`the archive ${String(second)} is gone already`)
      .and.not.include("the archive stays");
    expect(await project.archives()).to.have.lengthOf(1);
  });

  it("reads all of an archive in a refresh when verifyOnRefresh asks for it", async () => {
    await create(`
new ConsulSnapshot("backup", { target: "./backups/", verifyOnRefresh: env.VERIFY === "1" });
`);
    await project.up({ VERIFY: "1" });
    expect(await project.refresh({ VERIFY: "1" })).to.not.include("has changed");
    const path = await damage();
    expect(await project.refresh({ VERIFY: "1" })).to.include(`the archive ${path} has changed`);
    const text = await project.up({ VERIFY: "1" });
    expect(text).to.include("a new snapshot will be taken: the archive is no longer the one that was saved");
    expect(text).to.include(`the archive stays: ${path}`);
    expect(await project.archives()).to.have.lengthOf(2);
  });

  it("only looks at an archive where verifyOnRefresh does not ask for more", async () => {
    await create(`new ConsulSnapshot("backup", { target: "./backups/" });`);
    await project.up();
    await damage();
    expect(await project.refresh()).to.not.include("has changed");
  });
});
