/** Order: Pulumi may delete before it creates, and names change. No archive is lost by either, and no series in silence. */

import { expect } from "chai";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { PulumiProject } from "../../support/pulumi/project";

/** A server whose replacement Pulumi deletes first, and a snapshot that takes its trigger from it. */
const DEPENDENT = `
const provider = {
  create: async (inputs) => ({ id: "server-" + inputs.version, outs: { version: inputs.version } }),
  diff: async (id, olds, news) => ({
    changes: olds.version !== news.version,
    replaces: olds.version !== news.version ? ["version"] : [],
    deleteBeforeReplace: true,
  }),
};
class Server extends pulumi.dynamic.Resource {
  constructor(version) { super(provider, "server", { version }); }
}
const server = new Server(env.VERSION);
new ConsulSnapshot("backup", {
  target: "./backups/", triggers: [server.id], deletionPolicy: "delete",
  connection: { connectTimeout: "1s" },
});
`;

const RENAMED = `
new ConsulSnapshot(env.NAME, {
  target: "./backups/", triggers: [env.TRIGGER], retention: { keepLast: 2 },
  ...(env.SERIES ? { series: env.SERIES } : {}),
}, env.NAME === "old" ? {} : { aliases: [{ name: "old" }] });
`;

describe("a ConsulSnapshot that is replaced or renamed", function () {
  this.timeout(240_000);
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

  it("keeps its archive where Pulumi deletes first and the new snapshot fails, and says so", async () => {
    await create(DEPENDENT);
    await project.up({ VERSION: "1" });
    const before = await project.archives();
    expect(await project.preview({ VERSION: "2" })).to.include(
      "this archive will be deleted only after the new one is saved",
    );
    const text = await project.upFails({ VERSION: "2", CONSUL_HTTP_TOKEN: "no-such-token", CONSUL_HTTP_SSL: "true" });
    expect(text).to.include("the archive stays, because Pulumi deletes this resource before the new snapshot is saved");
    expect(await project.archives()).to.deep.equal(before);
  });

  it("keeps its archive where its successor of another name fails, and Pulumi continues on error", async () => {
    await create(`new ConsulSnapshot(env.NAME, { target: "./backups/", deletionPolicy: "delete" });`);
    await project.up({ NAME: "old" });
    const before = await project.archives();
    const args = ["up", "--yes", "--skip-preview", "--continue-on-error"];
    const { code, text } = await project.run(args, {
      NAME: "new",
      CONSUL_HTTP_TOKEN: "no-such",
      CONSUL_HTTP_SSL: "true",
    });
    expect(code, text).to.not.equal(0);
    expect(text).to.include("the archive stays, because a snapshot of this run has failed");
    expect(await project.archives()).to.deep.equal(before);
  });

  it("keeps its archive where the address has moved to another cluster: it may be the only one of the first", async () => {
    const other = await startConsul();
    try {
      project = await PulumiProject.create(
        `new ConsulSnapshot("backup", { target: "./backups/", triggers: [env.T], deletionPolicy: "delete" });`,
      );
      await project.up({ T: "1", CONSUL_HTTP_ADDR: consul.address });
      const before = await project.archives();
      const text = await project.up({ T: "2", CONSUL_HTTP_ADDR: other.address });
      expect(text).to.include("the archive stays, because the new snapshot is of another cluster");
      expect(await project.archives())
        .to.include.members(before)
        .and.to.have.length(before.length + 1);
    } finally {
      await other.stop();
    }
  });

  it("deletes its archive as deletionPolicy says where the new one was saved first, and when it is destroyed", async () => {
    await create(
      `new ConsulSnapshot("backup", { target: "./backups/", triggers: [env.T], deletionPolicy: "delete" });`,
    );
    await project.up({ T: "1" });
    const before = await project.archives();
    await project.up({ T: "2" });
    expect(await project.archives())
      .to.have.lengthOf(1)
      .and.not.deep.equal(before);
    await project.destroy();
    expect(await project.archives()).to.deep.equal([]);
  });

  it("says once, when it is renamed, how many archives of the former series stay and how to continue it", async () => {
    await create(RENAMED);
    await project.up({ NAME: "old", TRIGGER: "1" });
    const series = "organization/backups/dev/old";
    const notice = `1 archive of the former series ${series} will stay`;
    const renamed = await project.up({ NAME: "new", TRIGGER: "1" });
    expect(renamed).to.include(notice).and.include(`set series: "${series}" to continue it`);
    expect(await project.up({ NAME: "new", TRIGGER: "1" })).to.not.include("former series");
    await project.up({ NAME: "new", TRIGGER: "1", SERIES: series });
    const continued = await project.up({ NAME: "new", TRIGGER: "2", SERIES: series });
    expect(continued).to.include("retention: kept 2, removed 0").and.not.include("former series");
  });
});
