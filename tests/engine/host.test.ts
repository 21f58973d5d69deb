import { mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { CLOUD_SDKS, recordLoadedModules, SAVING } from "../support/pulumi/loadedModules";
import { PulumiProject } from "../support/pulumi/project";

describe("in Pulumi's engine", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let project: PulumiProject;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  afterEach(() => project.remove());

  function create(program: string): Promise<PulumiProject> {
    return PulumiProject.create(program, { config: { "consul:address": consul.address } });
  }

  it("progress and reasons stand on the resource's own row, also below a component", async () => {
    project = await create(`
class Wrapper extends pulumi.ComponentResource {
  constructor(name) {
    super("tests:index:Wrapper", name);
    new ConsulSnapshot("inner", { target: "./backups/", triggers: [env.TRIGGER || "1"] }, { parent: this });
  }
}
new Wrapper("outer");
`);
    expect(await project.up()).to.match(/dynamic\/consul:ConsulSnapshot inner .*verified and saved in/);
    const preview = await project.preview({ TRIGGER: "2" });
    expect(preview).to.match(
      /consul:ConsulSnapshot \(inner\):\n\s+inner: a new snapshot will be taken: trigger 0 changed/,
    );
  });

  it("a trigger that is known only later is said so in the preview, and compared in the update", async () => {
    project = await create(`
const source = {
  create: async ({ salt }) => ({ id: "x", outs: { value: "same", salt } }),
  diff: async (id, olds, news) => ({ changes: olds.salt !== news.salt, replaces: ["salt"] }),
};
class Source extends pulumi.dynamic.Resource {
  constructor(salt) {
    super(source, "source", { value: undefined, salt });
  }
}
const upstream = new Source(env.SALT || "1");
new ConsulSnapshot("backup", { target: "./backups/", triggers: [upstream.value] });
`);
    await project.up();
    const { location } = await project.outputs();
    expect(await project.preview({ SALT: "2" })).to.include("a new snapshot will be taken: trigger 0 is not known yet");
    await project.up({ SALT: "2" });
    expect((await project.outputs()).location).to.equal(location);
  });

  it("customTimeouts, which cannot reach the provider, is warned about where it is new, and not again", async () => {
    project = await create(`
const opts = env.TIMEOUTS ? { customTimeouts: { create: "1m" } } : {};
for (const name of env.NAMES.split(" ")) new ConsulSnapshot(name, { target: "./backups/" }, opts);
`);
    const said = "warning: customTimeouts does not reach this resource";
    expect(await project.up({ NAMES: "old" })).to.not.include(said);
    const both = { NAMES: "old new", TIMEOUTS: "yes" };
    const text = await project.up(both);
    for (const name of ["old", "new"]) expect(text).to.include(`consul:ConsulSnapshot (${name}):\n    ${said}`);
    expect(await project.up(both)).to.not.include(said);
  });

  it("a save to a path loads no cloud's library, and an update in which nothing changes no HTTP client nor reader", async () => {
    project = await create(`new ConsulSnapshot("backup", { target: "./backups/" });`);
    const loaded = await recordLoadedModules(project, /dynamic-provider/);
    const heavy = async (): Promise<string[]> => {
      await project.up(loaded.env);
      const paths = await loaded.read();
      expect(paths.some((path) => path.endsWith("provider/runtime.js"))).to.be.true;
      return paths.filter((path) => CLOUD_SDKS.test(path) || SAVING.test(path));
    };
    const saving = await heavy();
    expect(saving, "a save").to.not.be.empty;
    expect(saving.filter((path) => CLOUD_SDKS.test(path))).to.be.empty;
    expect(await heavy(), "no change").to.be.empty;
  });

  it("a library that alone has the package is told in one sentence what to install, and works once it is", async () => {
    project = await create("");
    const library = project.path("node_modules/platform-library");
    const installed = project.path("node_modules/pulumi-consul-snapshot");
    await mkdir(join(library, "node_modules"), { recursive: true });
    await rename(installed, join(library, "node_modules/pulumi-consul-snapshot"));
    await writeFile(
      join(library, "index.js"),
      `const pulumi = require("@pulumi/pulumi");
const { ConsulSnapshot } = require("pulumi-consul-snapshot");
exports.Backups = class extends pulumi.ComponentResource {
  constructor(name) {
    super("platform:index:Backups", name);
    new ConsulSnapshot("inner", { target: "./backups/" }, { parent: this });
  }
};`,
    );
    await writeFile(project.path("index.js"), `new (require("platform-library").Backups)("outer");`);
    const text = await project.upFails();
    const sentence =
      "Pulumi's provider process cannot find the package pulumi-consul-snapshot from .*: install it in the program's own package.json too, in the same version, also when a library depends on it";
    expect(text).to.match(new RegExp(sentence));
    expect(text)
      .to.not.match(/\n\s+at /)
      .and.not.match(/Cannot find module|unhandled/);
    await symlink(join(library, "node_modules/pulumi-consul-snapshot"), installed);
    await project.up();
    expect(await project.archives()).to.have.lengthOf(1);
  });

  it("what state keeps as our code is what it has always been", async () => {
    project = await create(`new ConsulSnapshot("backup", { target: "./backups/" });`);
    await project.up();
    const recorded = await readFile(resolve("tests/engine/stub-0.1.0.txt"), "utf8");
    expect((await project.outputs()).__provider).to.equal(recorded);
  });

  it("one process serves all resources of a program", async () => {
    project = await create(`
for (const name of ["a", "b", "c", "d"]) new ConsulSnapshot(name, { target: "./backups/" });
`);
    const hook = project.path("count.cjs");
    await writeFile(
      hook,
      `if (/dynamic-provider/.test(process.argv[1] ?? "")) require("node:fs").writeFileSync(${JSON.stringify(project.path("host."))} + process.pid, "");`,
    );
    await project.up({ NODE_OPTIONS: `--require ${hook}` });
    expect((await readdir(project.dir)).filter((name) => name.startsWith("host."))).to.have.lengthOf(1);
    expect(await project.archives()).to.have.lengthOf(4);
  });
});
