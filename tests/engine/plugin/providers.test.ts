/** A resource that moves to another provider: Pulumi then deletes its archive in another process than it saves the new one in. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { PLUGIN_TYPE as type, PulumiProject, type YamlProgram } from "../../support/pulumi/project";

const program: YamlProgram = ({ PROVIDER = "", ADDRESS = "", DELETED_FIRST = "" }) => ({
  resources: {
    [PROVIDER]: { type: "pulumi:providers:consul-snapshot", properties: { address: ADDRESS } },
    backup: {
      type,
      properties: { target: "./backups/", triggers: [PROVIDER], deletionPolicy: "delete" },
      options: { provider: `\${${PROVIDER}}`, ...(DELETED_FIRST === "" ? {} : { deleteBeforeReplace: true }) },
    },
  },
});

describe("a ConsulSnapshot of the plugin that moves to another provider", function () {
  this.timeout(240_000);
  let one: ConsulServer;
  let two: ConsulServer;
  let project: PulumiProject;
  before(async () => {
    [one, two] = await Promise.all([startConsul(), startConsul()]);
    project = await PulumiProject.yaml(program, {});
  });
  after(async () => {
    await project.remove();
    await Promise.all([one.stop(), two.stop()]);
  });

  it("keeps its archive where Pulumi deletes first and the new snapshot fails, or is of another cluster", async () => {
    await project.up({ PROVIDER: "first", ADDRESS: one.address });
    const before = await project.archives();
    const second = { PROVIDER: "second", ADDRESS: one.address, DELETED_FIRST: "yes" };
    const failed = await project.upFails({ ...second, CONSUL_HTTP_SSL: "true" });
    expect(failed).to.include(
      "the archive stays, because Pulumi deletes this resource before the new snapshot is saved",
    );
    expect(await project.archives()).to.deep.equal(before);
    expect(
      (await readdir(join(project.dir, "tmp"))).filter((name) => name.includes("consul-snapshot-run")),
    ).to.deep.equal([]);
    await project.up(second);
    const moved = await project.up({ PROVIDER: "third", ADDRESS: two.address });
    expect(moved).to.include("the archive stays, because the new snapshot is of another cluster");
    expect(await project.archives())
      .to.include.members(before)
      .and.to.have.lengthOf(3);
    expect(await project.up({ PROVIDER: "fourth", ADDRESS: two.address })).to.include("was deleted");
    expect(await project.archives()).to.have.lengthOf(3);
  });
});
