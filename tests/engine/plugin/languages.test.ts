/** The same program in other languages, each with the SDK that Pulumi's generators write from `schema.json`; with `--full` only. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { PLUGIN_TYPE, PulumiProject } from "../../support/pulumi/project";

const run = promisify(execFile);
/** What `tools/lib/languages.mjs` has installed, where there is a Python. */
const PYTHON = resolve(".tools/python");
const TYPESCRIPT = `
import * as pulumi from "@pulumi/pulumi";
import * as consul from "consul-snapshot";

const config = new pulumi.Config();
const backup = new consul.ConsulSnapshot("backup", {
  target: config.get("target") ?? "./backups/",
  triggers: [config.get("consulVersion") ?? "1.18.0"],
  maxAge: "20h",
});
export const location: pulumi.Output<string> = backup.location;
export const index: pulumi.Output<number> = backup.index;
`;

interface Language {
  readonly name: string;
  /** Whether this machine has what runs it. */
  readonly isHere: () => boolean;
  readonly create: (options: { readonly config: Readonly<Record<string, string>> }) => Promise<PulumiProject>;
}

async function generateSdk(language: string, project: PulumiProject): Promise<void> {
  await run(resolve(".tools/bin/pulumi-sdk-generator"), [language, resolve("schema.json"), project.path("sdk")]);
}

const LANGUAGES: readonly Language[] = [
  {
    name: "Python, as in the example",
    isHere: () => existsSync(PYTHON),
    async create(options) {
      // As `venv/bin/activate` does. The folder `site` is one of the program's folder, in which Pulumi runs it.
      const PATH = [join(PYTHON, "bin"), resolve(".tools/bin"), process.env.PATH ?? ""].join(delimiter);
      const env = { PATH, PYTHONPATH: "site" };
      const project = await PulumiProject.withPlugin("examples/python", "consul-backup-python", { ...options, env });
      await generateSdk("python", project);
      // What the SDK needs is installed; the rest of `pip install ./sdk` happens here.
      const args = [
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        "site",
        "./sdk",
      ];
      await run(join(PYTHON, "bin/pip"), args, { cwd: project.dir });
      return project;
    },
  },
  {
    name: "Go, as in the example",
    isHere: () => true,
    async create(options) {
      // Pulumi compiles the program. With these flags most packages are compiled already: they are those of the CLI.
      const env = { GOFLAGS: "-trimpath -buildvcs=false", GOWORK: "off" };
      const project = await PulumiProject.withPlugin("examples/go", "consul-backup-go", { ...options, env });
      await generateSdk("go", project);
      return project;
    },
  },
  {
    name: "TypeScript",
    isHere: () => true,
    async create(options) {
      // The project of the example in YAML, with another runtime.
      const name = "consul-backup-yaml";
      const project = await PulumiProject.withPlugin("examples/yaml", name, options);
      await generateSdk("nodejs", project);
      const installed = project.path("node_modules/consul-snapshot");
      await mkdir(project.path("node_modules"));
      for (const scope of ["@pulumi", "@types"]) {
        await symlink(resolve("node_modules", scope), project.path("node_modules", scope));
      }
      await cp(project.path("sdk"), installed, { recursive: true });
      // As `npm install` does.
      const PATH = [resolve("node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
      await run(process.execPath, ["scripts/postinstall.js"], { cwd: installed, env: { ...process.env, PATH } });
      const tsc = resolve("node_modules/typescript/bin/tsc");
      await writeFile(project.path("index.ts"), TYPESCRIPT);
      const flags = ["--strict", "--module", "commonjs", "--target", "es2022", "--skipLibCheck", "--types", "node"];
      await run(process.execPath, [tsc, ...flags, "index.ts"], { cwd: project.dir });
      const runtime = "runtime:\n  name: nodejs\n  options:\n    typescript: false\n";
      await writeFile(project.path("Pulumi.yaml"), `name: ${name}\n${runtime}`);
      await writeFile(project.path("package.json"), JSON.stringify({ name, main: "index.js" }));
      return project;
    },
  },
];

/** Every file of a folder that is not a link, with its path. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe("the plugin, with a program in another language", function () {
  this.timeout(600_000);
  let consul: ConsulServer;
  let project: PulumiProject | undefined;
  before(async () => {
    consul = await startConsul({ acl: true });
  });
  after(() => consul.stop());
  afterEach(() => project?.remove());

  for (const { name, isHere, create } of LANGUAGES) {
    it(`${name}: up, no change, a replacement, a destroy; the token is shown nowhere`, async function () {
      if (!isHere()) this.skip();
      const token = consul.token ?? "";
      const config = { "consul-snapshot:address": consul.address, "consul-snapshot:token": token };
      project = await create({ config });
      const text: string[] = [];
      const up = async (): Promise<string> => {
        const said = await (project as PulumiProject).up();
        text.push(said);
        return said;
      };
      expect(await up()).to.include("verified and saved in");
      const { location, index } = await project.outputs();
      const [first = ""] = await project.archives();
      expect(location).to.equal(project.path("backups", first));
      expect((await project.resources("pulumi:pulumi:Stack"))[0]?.outputs).to.deep.equal({ location, index });

      // The stack, the provider of the plugin and the resource.
      expect(await up()).to.match(/\b2 unchanged/);
      expect(await project.archives()).to.deep.equal([first]);

      const set = await project.run(["config", "set", "consulVersion", "1.19.0"]);
      expect(set.code, set.text).to.equal(0);
      expect(await up()).to.match(/\b1 replaced/);
      expect(await project.archives()).to.have.lengthOf(2);

      const state = await readFile(project.stateFile(), "utf8");
      text.push(await project.destroy());
      expect(await project.resources(PLUGIN_TYPE)).to.deep.equal([]);
      expect(await project.archives(), "the archives are retained").to.have.lengthOf(2);
      expect(token).to.have.lengthOf.above(8);
      for (const shown of [...text, state]) expect(shown).to.not.include(token);
      for (const file of await filesIn(project.path("state"))) {
        expect((await readFile(file)).includes(token), file).to.equal(false);
      }
    });
  }
});
