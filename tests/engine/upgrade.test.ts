import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { PulumiProject } from "../support/pulumi/project";

/** What `pulumi stack export` gave of a stack of that version, and the archive; `{{folder}}` stands for the program's. */
const RECORDED = "tests/fixtures/state-0.1.0";
const PROGRAM = `
new ConsulSnapshot("backup", {
  target: "./backups/",
  triggers: [env.TRIGGER || "1.18.0"],
  maxAge: "876000h",
  connection: { token: "a-token-of-nobody" },
});
`;
const RESTORE_TYPE = "pulumi-nodejs:dynamic/consul:ConsulSnapshotRestore";
const RESTORE = `
new ConsulSnapshotRestore("rollback", {
  runId: "the rollback, restored",
  source: "./archives/known-good.snap",
  validUntil: "2040-01-01T00:00:00Z",
  safetySnapshot: { target: "./safety/" },
});
`;

describe("state that was written by version 0.1.0", function () {
  this.timeout(120_000);
  let project: PulumiProject;
  before(async () => {
    project = await PulumiProject.create(PROGRAM, { config: { "consul:address": "consul.example:8500" } });
    await mkdir(project.path("backups"));
    for (const name of await readdir(RECORDED)) {
      const bytes = await readFile(join(RECORDED, name), "latin1");
      const place = name === "stack.json" ? project.path(name) : project.path("backups", name);
      await writeFile(place, bytes.replaceAll("{{folder}}", project.dir), "latin1");
      await chmod(place, 0o600);
    }
    const { code, text } = await project.run(["stack", "import", "--file", "stack.json"]);
    expect(code, text).to.equal(0);
  });
  after(() => project.remove());

  it("is read without a replacement, and its archive is known again", async () => {
    const { location } = await project.outputs();
    for (const told of [await project.preview(), await project.refresh(), await project.up()]) {
      expect(told)
        .to.not.include("snapshot will be taken")
        .and.not.match(/warning: (?!using pulumi)/);
      expect(told).to.not.match(/\d to (create|replace|delete)|\d (created|replaced|deleted)/);
    }
    expect((await project.outputs()).location).to.equal(location);
    expect((await project.outputs()).archiveChanged).to.not.equal(true);
    expect(await readFile(project.stateFile(), "utf8")).to.not.include("a-token-of-nobody");
  });

  it("still tells a trigger that changed", async () => {
    expect(await project.preview({ TRIGGER: "1.18.1" })).to.include("a new snapshot will be taken: trigger 0 changed");
  });

  it("is destroyed as it was to be: the archive stays", async () => {
    expect(await project.destroy()).to.include("the archive stays");
    expect(await project.archives()).to.have.lengthOf(1);
  });
});

describe("a restore in state that was written by version 0.1.0", function () {
  this.timeout(120_000);
  let project: PulumiProject;
  before(async () => {
    project = await PulumiProject.create(RESTORE, { config: { "consul:address": "consul.example:8500" } });
    const stack = await readFile(join(`${RECORDED}-restores`, "restored.stack.json"), "utf8");
    await writeFile(project.path("stack.json"), stack.replaceAll("{{folder}}", project.dir));
    const { code, text } = await project.run(["stack", "import", "--file", "stack.json"]);
    expect(code, text).to.equal(0);
  });
  after(() => project.remove());

  it("is done: no run asks Consul for anything", async () => {
    const outputs = async () => (await project.resources(RESTORE_TYPE))[0]?.outputs;
    const before = await outputs();
    for (const told of [await project.preview(), await project.refresh(), await project.up()]) {
      expect(told)
        .to.include("2 unchanged")
        .and.not.match(/warning: (?!using pulumi)/);
    }
    expect(await outputs()).to.deep.equal(before);
    expect(before).to.include({ outcome: "exact", runId: "the rollback, restored" });
    expect(await project.destroy()).to.include("Consul is not touched");
  });
});
