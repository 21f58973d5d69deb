import { rm } from "node:fs/promises";
import { expect } from "chai";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { PLUGIN_TYPE as type, PulumiProject, type YamlProgram } from "../../support/pulumi/project";

/** One ConsulSnapshot for each option of Pulumi, with a place of its own. */
const program: YamlProgram = ({ NAME = "old", VERSION = "1", OTHER = "1" }) => {
  const resource = (place: string, properties: object, options: object): object => ({
    type,
    properties: { target: `./backups/${place}/`, ...properties },
    options,
  });
  return {
    resources: {
      [NAME]: resource("aliases", {}, { aliases: [{ name: "old" }] }),
      ignoring: resource(
        "ignoring",
        { triggers: [VERSION], verifyOnRefresh: true },
        { ignoreChanges: ["triggers"], protect: true },
      ),
      replaced: resource("replaced", { overwrite: VERSION !== "1" }, { replaceOnChanges: ["overwrite"] }),
      following: resource("following", { triggers: ["${replaced.snapshotId}"] }, {}),
      retained: resource("retained", { triggers: [OTHER], deletionPolicy: "delete" }, { retainOnDelete: true }),
      beside: resource("beside", { triggers: [OTHER], deletionPolicy: "delete" }, { deletedWith: "${retained}" }),
    },
  };
};

describe("Pulumi's options, for resources of the plugin", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let project: PulumiProject;
  before(async () => {
    consul = await startConsul();
    project = await PulumiProject.yaml(program, { config: { "consul-snapshot:address": consul.address } });
    await project.up();
  });
  after(async () => {
    await project.remove();
    await consul.stop();
  });

  /** The locations in state, by the resource's name. */
  async function locations(): Promise<Readonly<Record<string, unknown>>> {
    const resources = await project.resources();
    const found = resources.map(({ urn, outputs }): [string, unknown] => [
      /[^:]+$/.exec(urn)?.[0] ?? "",
      outputs?.location,
    ]);
    return Object.fromEntries(found);
  }

  async function count(place: string): Promise<number> {
    return (await project.archives(`backups/${place}`)).length;
  }

  it("an update plan is kept: it holds what is replaced, ignored and renamed, and nothing else is done", async () => {
    const before = await locations();
    const changed = { VERSION: "2", NAME: "new" };
    const planned = await project.run(["preview", "--diff", "--save-plan", "plan.json"], changed);
    expect(planned.code, planned.text).to.equal(0);
    expect(planned.text).to.include("following: a new snapshot will be taken: trigger 0 is not known yet");
    expect(await locations()).to.deep.equal(before);

    const up = ["up", "--yes", "--skip-preview", "--plan", "plan.json"];
    const { code, text } = await project.run(up, changed);
    expect(code, text).to.equal(0);
    const after = await locations();
    expect(after.new).to.equal(before.old);
    expect(after.ignoring).to.equal(before.ignoring);
    expect(after.replaced).to.not.equal(before.replaced);
    expect(after.following).to.not.equal(before.following);
    expect(await count("replaced")).to.equal(2);

    await project.run(["preview", "--save-plan", "plan.json"], changed);
    const other = await project.run(up, { ...changed, OTHER: "2" });
    expect(other.code, other.text).to.not.equal(0);
    expect(other.text).to.include("violates plan");
    for (const place of ["retained", "beside"]) expect(await count(place), place).to.equal(1);
  });

  it("--target updates only what it names, and retainOnDelete keeps the archive of what is replaced", async () => {
    const before = await locations();
    const { code, text } = await project.run(["up", "--yes", "--skip-preview", "--target", "**::retained"], {
      VERSION: "2",
      NAME: "new",
      OTHER: "2",
    });
    expect(code, text).to.equal(0);
    const { retained, ...others } = await locations();
    expect(retained).to.not.equal(before.retained);
    expect({ ...others, retained: before.retained }).to.deep.equal(before);
    expect(await count("retained")).to.equal(2);
  });

  it("--refresh notices a lost archive that verifyOnRefresh leaves to it, and the same run takes a new one", async () => {
    const env = { VERSION: "2", NAME: "new", OTHER: "2" };
    const { ignoring } = await locations();
    await rm(String(ignoring));
    const { code, text } = await project.run(["up", "--yes", "--skip-preview", "--refresh"], env);
    expect(code, text).to.equal(0);
    expect(text).to.include(`the archive ${String(ignoring)} is gone`);
    expect((await locations()).ignoring).to.not.equal(ignoring);
    expect(await count("ignoring")).to.equal(1);
  });

  it("protect refuses to destroy; deletedWith and retainOnDelete keep archives that the policy would delete", async () => {
    const { beside, retained } = await locations();
    const { code, text } = await project.run(["destroy", "--yes", "--skip-preview"]);
    expect(code).to.not.equal(0);
    expect(text).to.include("protected");
    expect(Object.keys(await locations())).to.deep.equal(["ignoring"]);
    // Without the options, each would be reported as deleted.
    for (const location of [beside, retained]) expect(text).to.not.include(String(location));
    expect(await count("retained")).to.equal(2);
    expect(await count("beside")).to.equal(1);
  });
});
