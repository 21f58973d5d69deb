import { expect } from "chai";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { PulumiProject } from "../../support/pulumi/project";

describe("what a reviewer is told", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let project: PulumiProject;
  before(async () => {
    consul = await startConsul();
    project = await PulumiProject.create(
      `new ConsulSnapshot("backup", { target: env.TARGET || "./backups/", triggers: [env.TRIGGER || "trigger-one"] });`,
      { config: { "consul:address": consul.address } },
    );
    await project.up();
  });
  after(() => Promise.all([consul.stop(), project.remove()]));

  it("is why there is a new snapshot, without a trigger's value, and nothing when nothing changed", async () => {
    expect(await project.preview()).to.not.include("snapshot will be taken");
    const preview = await project.preview({ TRIGGER: "trigger-two", TARGET: "./elsewhere/" });
    expect(preview).to.include("backup: a new snapshot will be taken: trigger 0 changed");
    expect(preview).to.match(/a new snapshot will be taken: target changed from \S*backups\/ to \S*elsewhere\//);
    expect(preview).to.not.match(/trigger-(one|two)/);
    const { text: diff } = await project.run(["preview", "--diff"], { TRIGGER: "trigger-two" });
    expect(diff).to.match(/^backup: a new snapshot will be taken: trigger 0 changed$/m);
    const { text } = await project.run(["preview", "--json"], { TRIGGER: "trigger-two" });
    expect(text).to.match(/"replaceReasons": \[\s*"triggers"\s*\]/);
  });

  it("is which archive stays, and where, when the stack is destroyed", async () => {
    const { location } = await project.outputs();
    expect(await project.destroy()).to.include(`the archive stays: ${String(location)}`);
  });
});
