/** Newer versions of Node.js, with the newest Pulumi SDK: what state names must be found and run there as well. */

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { expect } from "chai";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { PulumiProject } from "../support/pulumi/project";

const INSTALLED = resolve(".tools/node-versions/node_modules");
/** The test is about these systems only because Node.js is a package there. */
const SYSTEM = "linux-x64";

const PROGRAM = `
const version = { create: () => Promise.resolve({ id: "x", outs: { version: process.version } }) };
const provider = new pulumi.dynamic.Resource(version, "provider", { version: undefined }, {});
const backup = new ConsulSnapshot("backup", { target: "./backups/", triggers: [env.TRIGGER || "1"] });
exports.program = process.version;
exports.provider = provider.version;
exports.location = backup.location;
`;

/** A project whose packages are those of a user with the newest SDK: a copy of ours, which finds that SDK beside it. */
async function projectOn(node: string, address: string): Promise<PulumiProject> {
  const env = { PATH: [join(INSTALLED, node, "bin"), resolve(".tools/bin"), process.env.PATH ?? ""].join(delimiter) };
  const project = await PulumiProject.create(PROGRAM, { config: { "consul:address": address }, env });
  const { name, dependencies } = JSON.parse(await readFile("package.json", "utf8")) as {
    name: string;
    dependencies: Record<string, string>;
  };
  const modules = project.path("node_modules");
  await rm(modules, { recursive: true });
  await mkdir(join(modules, name), { recursive: true });
  await symlink(join(INSTALLED, "@pulumi"), join(modules, "@pulumi"));
  for (const used of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, used)), { recursive: true });
    await symlink(resolve("node_modules", used), join(modules, used));
  }
  await cp("dist", join(modules, name, "dist"), { recursive: true });
  await cp("package.json", join(modules, name, "package.json"));
  return project;
}

describe("a newer Node.js with the newest Pulumi SDK", function () {
  this.timeout(300_000);
  let consul: ConsulServer | undefined;
  before(async function () {
    if (!existsSync(INSTALLED)) {
      // Only where there is none for this system: else `npm test` has installed them.
      expect(`${process.platform}-${process.arch}`).to.not.equal(SYSTEM);
      this.skip();
    }
    consul = await startConsul();
  });
  after(() => consul?.stop());

  for (const node of ["node-22", "node-24"]) {
    it(`${node}: takes a snapshot, takes none when nothing changed, and takes a new one when a trigger changes`, async () => {
      const project = await projectOn(node, consul?.address ?? "");
      try {
        await project.up();
        const outputs = async () => (await project.resources("pulumi:pulumi:Stack"))[0]?.outputs ?? {};
        const first = await outputs();
        expect(first.program).to.match(new RegExp(`^v${node.slice("node-".length)}\\.`));
        expect(first.provider, "the provider's process").to.equal(first.program);
        expect(existsSync(resolve(project.dir, String(first.location)))).to.equal(true);
        expect(await project.up()).to.include("3 unchanged");
        const text = await project.up({ TRIGGER: "2" });
        expect(text).to.include("trigger 0 changed");
        expect((await outputs()).location).to.not.equal(first.location);
      } finally {
        await project.remove();
      }
    });
  }
});
