import { readdir, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect } from "chai";
import { inspect } from "../../support/consul/consul";
import type { PulumiProject } from "../../support/pulumi/project";
import { recorded, RestoreGround, TYPE, urnOf } from "./ground";

const UP = ["up", "--yes", "--skip-preview"];
const LONG_AGO = "2001-01-01T00:00:00Z";

describe("a ConsulSnapshotRestore, in a real engine", function () {
  this.timeout(240_000);
  let ground: RestoreGround;
  before(async () => {
    ground = await RestoreGround.start();
  });
  after(() => ground.stop());
  beforeEach(function () {
    return ground.begin(this.currentTest?.title ?? "");
  });
  afterEach(() => ground.end());

  it("is announced, restores when it is created, and does nothing more", async () => {
    const { archive, env, proxy } = ground;
    const project = await ground.project();
    expect(await project.preview()).to.include(
      `all state of Consul at http://${proxy.address} will be replaced by ${archive} (run "${env.RUN}")`,
    );
    expect(ground.restores(), "in a preview").to.equal(0);
    await project.up();
    expect(await ground.who()).to.equal("the archive");
    const outputs = await recorded(project);
    expect(outputs).to.include({ outcome: "exact", adopted: false, runId: env.RUN });
    expect(outputs.differences).to.deep.equal([]);
    expect(outputs.snapshotId).to.equal((await inspect(archive)).Meta.ID);
    expect(outputs.restoredIndex).to.be.a("number");
    expect(JSON.parse(await readFile(String(outputs.receipt), "utf8"))).to.include({ runId: env.RUN });
    expect(outputs.servers).to.have.lengthOf(1);
    expect((await inspect(String(outputs.safetyLocation))).Meta.Index).to.be.above((await inspect(archive)).Meta.Index);
    const stub = await readFile(resolve("tests/engine/stub-0.1.0.txt"), "utf8");
    expect(outputs.__provider).to.equal(stub.replaceAll('"ConsulSnapshot"', '"ConsulSnapshotRestore"'));

    await ground.writes("someone, after the restore");
    expect(await project.up()).to.include("2 unchanged");
    expect(await project.refresh()).to.include("2 unchanged");
    await ground.expectNothingRestoredSince();
    expect(await project.destroy()).to.include("Consul is not touched");
    await ground.expectNothingRestoredSince();
    expect(await readdir(env.SAFETY)).to.have.lengthOf(3);
  });

  it("restores nothing when other arguments change, and says so of each", async () => {
    const project = await ground.restoredOnce();
    const changed = { SOURCE: ground.other, UNTIL: LONG_AGO, SAFETY: "none", ALLOW: "noReceipt" };
    for (const text of [await project.preview(changed), await project.up(changed)]) {
      for (const name of ["source", "validUntil", "safetySnapshot", "allow"]) {
        expect(text).to.include(`warning: rollback: ${name} changed, which restores nothing: only a new runId does`);
      }
    }
    expect(await project.up(changed)).to.include("2 unchanged");
    await ground.expectNothingRestoredSince();
    expect(await recorded(project)).to.include({ outcome: "exact", adopted: false, source: ground.other });
  });

  it("restores again with a new runId", async () => {
    const project = await ground.restoredOnce();
    const { RUN } = ground.env;
    const again = { RUN: `${RUN}, once more`, SOURCE: ground.other };
    expect(await project.preview(again)).to.include(
      `the cluster will be restored from ${ground.other}: runId changed from "${RUN}" to "${again.RUN}"`,
    );
    await project.up(again);
    expect(await ground.who()).to.equal("the other archive");
    expect(ground.restores()).to.equal(2);
    expect(await recorded(project)).to.include({ adopted: false, runId: again.RUN });
  });

  const repetitions: Readonly<Record<string, (project: PulumiProject) => Promise<PulumiProject>>> = {
    "state was lost, and the source has changed": async (project) => {
      await project.run(["state", "delete", await urnOf(project), "--yes"]);
      await project.up({ SOURCE: ground.other });
      return project;
    },
    "state was lost, and the time has passed": async (project) => {
      await project.run(["state", "delete", await urnOf(project), "--yes"]);
      await project.up({ UNTIL: LONG_AGO });
      return project;
    },
    "state was lost, and the safety snapshot goes elsewhere": async (project) => {
      await project.run(["state", "delete", await urnOf(project), "--yes"]);
      await project.up({ SAFETY: `${ground.env.SAFETY}elsewhere/` });
      return project;
    },
    "state was lost, and there is to be no safety snapshot": async (project) => {
      await project.run(["state", "delete", await urnOf(project), "--yes"]);
      await project.up({ SAFETY: "none" });
      return project;
    },
    "the resource was renamed": async (project) => {
      await project.up({ NAME: "renamed" });
      return project;
    },
    "it is replaced by hand": async (project) => {
      const { code, text } = await project.run([...UP, "--replace", await urnOf(project)]);
      expect(code, text).to.equal(0);
      return project;
    },
    "another stack has the same run": async () => {
      const second = await ground.project();
      await second.up();
      return second;
    },
  };
  for (const [name, repeat] of Object.entries(repetitions)) {
    it(`restores nothing when ${name}`, async () => {
      const project = await repeat(await ground.restoredOnce());
      await ground.expectNothingRestoredSince();
      // The cluster is read back, and was written to since. Another archive than the one of the run proves nothing.
      const outcome = name.includes("source has changed") ? "unproved" : "drift";
      expect(await recorded(project)).to.include({ adopted: true, outcome });
    });
  }

  it("restores nothing when it is the only target", async () => {
    const project = await ground.restoredOnce();
    const { code, text } = await project.run([...UP, "--target", await urnOf(project)]);
    expect(code, text).to.equal(0);
    await ground.expectNothingRestoredSince();
  });

  it("restores once when two stacks do it at the same time", async () => {
    const [first, second] = [await ground.project(), await ground.project()];
    await Promise.all([first.up(), second.up()]);
    expect(ground.restores()).to.equal(1);
    expect(await ground.who()).to.equal("the archive");
    const adopted = [await recorded(first), await recorded(second)].map((outputs) => outputs.adopted);
    expect(adopted).to.have.members([true, false]);
  });

  it("cannot be looked up, which would be taken for a restore", async () => {
    const project = await ground.project();
    await project.program(`
new ConsulSnapshotRestore("rollback", {
  runId: env.RUN, validUntil: "2099-01-01T00:00:00Z", source: env.SOURCE, safetySnapshot: false,
}, { id: env.RUN });
`);
    expect(await project.upFails())
      .to.include("a restore cannot be looked up by its id")
      .and.not.match(/\n\s+at /);
    expect(ground.restores()).to.equal(0);
  });

  it("refuses before anything else when its time has passed", async () => {
    const project = await ground.project();
    expect(await project.preview({ UNTIL: LONG_AGO })).to.include("which has passed: nothing will be restored");
    const text = await project.upFails({ UNTIL: LONG_AGO });
    expect(text)
      .to.include("RESTORE_REFUSED")
      .and.include("2001-01-01")
      .and.not.match(/\n\s+at /);
    expect(ground.restores()).to.equal(0);
    expect(await ground.who()).to.equal("the cluster");
    expect(await readdir(ground.env.SAFETY).catch(() => [])).to.be.empty;
    expect(await project.resources(TYPE)).to.be.empty;
  });
});
