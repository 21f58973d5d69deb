import { copyFile, readdir } from "node:fs/promises";
import { expect } from "chai";
import { recorded, RestoreGround, urnOf } from "../restore/ground";
import { PLUGIN_HOST } from "../restore/hosts";

describe("a ConsulSnapshotRestore of the plugin, in a real engine", function () {
  this.timeout(240_000);
  let ground: RestoreGround;
  before(async () => {
    ground = await RestoreGround.start(PLUGIN_HOST);
  });
  after(() => ground.stop());
  beforeEach(function () {
    return ground.begin(this.currentTest?.title ?? "");
  });
  afterEach(() => ground.end());

  it("is announced, is refused by a guard before anything happens, and restores once", async () => {
    const { archive, other, env, proxy } = ground;
    const project = await ground.project();
    const replaced = project.path("replaced.snap");
    await copyFile(other, replaced);
    await copyFile(`${archive}.manifest.json`, `${replaced}.manifest.json`);
    const refused = await project.upFails({ SOURCE: replaced });
    expect(refused)
      .to.include("guard changedSinceManifest")
      .and.include("RESTORE_REFUSED")
      .and.not.match(/\n\s+at /);
    expect(ground.restores(), "after a refusal").to.equal(0);
    expect(await ground.who()).to.equal("the cluster");
    expect(await readdir(env.SAFETY).catch(() => [])).to.be.empty;
    expect(await project.resources(PLUGIN_HOST.type)).to.be.empty;

    expect(await project.preview()).to.include(
      `all state of Consul at http://${proxy.address} will be replaced by ${archive} (run "${env.RUN}")`,
    );
    expect(ground.restores(), "in a preview").to.equal(0);
    await project.up();
    expect(await ground.who()).to.equal("the archive");
    expect(await recorded(project, PLUGIN_HOST)).to.include({ outcome: "exact", adopted: false, runId: env.RUN });

    await ground.writes("someone, after the restore");
    expect(await project.up()).to.include("2 unchanged");
    await project.run(["state", "delete", await urnOf(project, PLUGIN_HOST), "--yes"]);
    await project.up();
    await ground.expectNothingRestoredSince();
    expect(await recorded(project, PLUGIN_HOST)).to.include({ outcome: "drift", adopted: true });

    const again = { RUN: `${env.RUN}, once more`, SOURCE: other };
    expect(await project.preview(again)).to.include(
      `the cluster will be restored from ${other}: runId changed from "${env.RUN}" to "${again.RUN}"`,
    );
    expect(await project.destroy()).to.include("Consul is not touched");
    await ground.expectNothingRestoredSince();
  });

  it("is stored in state where it was cut off, and the next update finds out how it ended", async () => {
    const project = await ground.cutOff();
    expect(await recorded(project, PLUGIN_HOST))
      .to.have.property("attempt")
      .that.includes({ runId: ground.env.RUN });
    const reading = "how it ended is not known: the next update reads Consul, and restores nothing";
    await project.refresh();
    expect(await project.preview(), "after a refresh").to.include(reading);
    expect(await project.upFails(), "as it was before").to.include("RESTORE_UNCONFIRMED");
    expect(await recorded(project, PLUGIN_HOST), "after an update that failed").to.have.property("attempt");
    await ground.restoreByHand();
    await project.up();
    expect(await recorded(project, PLUGIN_HOST))
      .to.include({ outcome: "exact" })
      .and.not.have.property("attempt");
    expect(ground.restores()).to.equal(1);
  });
});
