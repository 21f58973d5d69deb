import { expect } from "chai";
import manifest from "../../package.json";
import { type Installed, packAndInstall, run, runModule } from "./install";

describe("the package that npm publishes", function () {
  this.timeout(120_000);

  let installed: Installed;
  before(async () => {
    installed = await packAndInstall();
  });
  after(() => installed.remove());

  it("holds what a user needs, and nothing else", () => {
    const [compiled, others] = [
      installed.files.filter(isCompiled),
      installed.files.filter((file) => !isCompiled(file)),
    ];
    expect(others).to.deep.equal(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    expect(compiled).to.include.members(["dist/sdk/index.js", "dist/sdk/index.d.ts", "dist/provider/runtime.js"]);
    const rooms = new Set(compiled.map((file) => file.split("/")[1]));
    expect([...rooms]).to.satisfy((names: string[]) =>
      names.every((name) => ["cli", "provider", "sdk"].includes(name)),
    );
  });

  it("names no file that is not in it", () => {
    const named = [manifest.main, manifest.types, ...Object.values(manifest.exports).flatMap(targets)];
    expect(installed.files).to.include.members(named.map((file) => file.replace("./", "")));
  });

  it("is what publint approves of", async () => {
    await runModule("publint/src/cli.js", ["run", installed.tarball, "--strict"], installed.folder);
  });

  it("has the right types for every way to resolve them", async () => {
    const attw = "@arethetypeswrong/cli/dist/index.js";
    // Only Pulumi's provider process loads the runtime, with Node's own resolution: `node10` never sees it.
    await runModule(attw, [installed.tarball, "--exclude-entrypoints", "runtime"], installed.folder);
    await runModule(attw, [installed.tarball, "--profile", "node16"], installed.folder);
  });

  describe("in a JavaScript program", () => {
    const use = `if (typeof ConsulSnapshot.get !== "function") throw new Error("no ConsulSnapshot");`;

    it("is required by CommonJS", async () => {
      const program = `const { ConsulSnapshot } = require("${manifest.name}");\n${use}`;
      const folder = await installed.program("commonjs", { "index.js": program });
      await run(process.execPath, ["index.js"], folder);
    });

    it("is imported by an ES module", async () => {
      const program = `import { ConsulSnapshot } from "${manifest.name}";\n${use}`;
      const folder = await installed.program("module", { "index.mjs": program });
      await run(process.execPath, ["index.mjs"], folder);
    });

    it("gives Pulumi's provider process the runtime that state names", async () => {
      const program = `console.log(typeof require("${manifest.name}/runtime").call)`;
      const folder = await installed.program("runtime", { "index.js": program });
      expect(await run(process.execPath, ["index.js"], folder)).to.equal("function\n");
    });

    it("loads nothing of the provider when it is imported", async () => {
      const program = `require("${manifest.name}"); console.log(JSON.stringify(Object.keys(require.cache)))`;
      const folder = await installed.program("light", { "index.js": program });
      const loaded = JSON.parse(await run(process.execPath, ["index.js"], folder)) as string[];
      expect(loaded.filter((file) => file.includes(`/${manifest.name}/dist/sdk/`))).not.to.be.empty;
      const heavy = new RegExp(`/${manifest.name}/dist/provider/|/node_modules/(${dependencies.join("|")})/`);
      expect(loaded.filter((file) => heavy.test(file))).to.deep.equal([]);
    });

    it("keeps its insides to itself", async () => {
      const program = `try { require("${manifest.name}/dist/sdk/index.js") } catch (error) { console.log(error.code) }`;
      const folder = await installed.program("insides", { "index.js": program });
      expect(await run(process.execPath, ["index.js"], folder)).to.equal("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
    });
  });

  describe("in a TypeScript program, its types checked too,", () => {
    const source = `
      import * as pulumi from "@pulumi/pulumi";
      import { ConsulSnapshot, type ConsulSnapshotArgs } from "${manifest.name}";
      const args: ConsulSnapshotArgs = { target: "./backups/", triggers: ["1.18.0"], connection: { token: "t" } };
      export function take(): pulumi.Output<number> {
        return new ConsulSnapshot("pre-upgrade", args).index;
      }
      export function find(): pulumi.Output<string> {
        const decryption = { identityFiles: ["key.txt"] };
        return ConsulSnapshot.get("found", "/backups/a.snap.age", { decryption, retainOnDelete: true }).location;
      }
      // @ts-expect-error: a target is needed
      export const wrong: ConsulSnapshotArgs = { triggers: [] };
      if (typeof ConsulSnapshot !== "function") throw new Error("no ConsulSnapshot");
    `;
    const strict = { target: "es2022", strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false };

    const settings: Record<string, { module: string; moduleResolution: string; type?: "module" }> = {
      "with the settings of Pulumi's template": { module: "commonjs", moduleResolution: "node10" },
      "as CommonJS with node16": { module: "node16", moduleResolution: "node16" },
      "as an ES module with node16": { module: "node16", moduleResolution: "node16", type: "module" },
      "for a bundler": { module: "esnext", moduleResolution: "bundler", type: "module" },
    };
    for (const [how, { type = "commonjs", ...options }] of Object.entries(settings)) {
      it(`compiles and loads ${how}`, async () => {
        const folder = await installed.program(how.replaceAll(/\W/g, "-"), {
          "index.ts": source,
          "package.json": JSON.stringify({ type }),
          "tsconfig.json": JSON.stringify({
            compilerOptions: { ...strict, ...options, types: ["node"] },
            files: ["index.ts"],
          }),
        });
        await runModule("typescript/bin/tsc", ["-p", "."], folder);
        await run(process.execPath, ["index.js"], folder);
      });
    }
  });
});

const dependencies = Object.keys(manifest.dependencies);

function isCompiled(file: string): boolean {
  return /^dist\/.*\.(js|d\.ts)$/.test(file);
}

/** The files that one entry of `exports` names. */
function targets(entry: string | Record<string, string>): readonly string[] {
  return typeof entry === "string" ? [entry] : Object.values(entry);
}
