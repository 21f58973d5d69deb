import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { expect } from "chai";
import lock from "../../package-lock.json";
import manifest from "../../package.json";
import { effort } from "../support/effort";
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
      installed.files.filter((file) => !isCompiled(file) && !isBundled(file)),
    ];
    const besideDocumentation = others.filter((file) => !/^(deploy|docs|examples)\//.test(file));
    expect(besideDocumentation).to.deep.equal([
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "bin/pulumi-resource-consul-snapshot",
      "package.json",
      "schema.json",
    ]);
    expect(compiled).to.include.members(["dist/sdk/index.js", "dist/sdk/index.d.ts", "dist/provider/runtime.js"]);
    const rooms = new Set(compiled.map((file) => file.split("/")[1]));
    expect([...rooms]).to.satisfy((names: string[]) =>
      names.every((name) => ["agent", "cli", "provider", "sdk"].includes(name)),
    );
  });

  it("holds the encryption library with all that it is made of, in the locked versions", () => {
    const packages = installed.files.filter(
      (file) => isBundled(file) && /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file),
    );
    const bundled = packages.map((file) => file.slice(0, -"/package.json".length));
    const locked = Object.entries(lock.packages as Readonly<Record<string, { inBundle?: boolean; version?: string }>>);
    expect(bundled).to.have.members(locked.filter(([, { inBundle }]) => inBundle === true).map(([path]) => path));
    for (const path of bundled) {
      const { version } = JSON.parse(readFileSync(join(installed.home, path, "package.json"), "utf8")) as {
        version: string;
      };
      expect(version, path).to.equal(locked.find(([name]) => name === path)?.[1].version);
    }
  });

  it("declares every package that it loads: a strict package manager serves no other", () => {
    const others = [manifest.dependencies, manifest.peerDependencies].flatMap((each) => Object.keys(each));
    const declared = [manifest.name, ...others];
    const loaded = installed.files
      .filter((file) => /^(dist|bin)\/.*(?<!\.d\.ts)$/.test(file))
      .flatMap((file) => {
        const text = readFileSync(join(installed.home, file), "utf8");
        const names = [...text.matchAll(/\b(?:require|import)\("([^".][^"]*)"\)/g)].map(([, name = ""]) => name);
        return names.filter((name) => !isBuiltin(name)).map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name);
      });
    expect(loaded).to.include.members(["undici", "@pulumi/pulumi", "google-protobuf"]);
    expect([...new Set(loaded)].filter((name) => !declared.includes(name))).to.deep.equal([]);
  });

  it("names no file that is not in it", () => {
    const named = [manifest.main, manifest.types, ...Object.values(manifest.exports).flatMap(targets)];
    expect(installed.files).to.include.members(named.map((file) => file.replace("./", "")));
  });

  it("contains every page, picture and program that its pages link to", () => {
    const pages = installed.files.filter((file) => file.endsWith(".md") && !isBundled(file));
    expect(pages).to.include.members(["README.md", "docs/README.md", "docs/how-to/disaster-runbook.md"]);
    const missing: string[] = [];
    for (const page of pages) {
      const text = readFileSync(join(installed.home, page), "utf8").replaceAll(/^```[^]*?^```$/gm, "");
      for (const [, target = ""] of text.matchAll(/\]\((?!\w+:)([^)#\s]+)/g)) {
        const path = join(dirname(page), target);
        if (!installed.files.some((file) => file === path || file.startsWith(`${path}/`)))
          missing.push(`${page}: ${path}`);
      }
    }
    expect(missing).to.deep.equal([]);
  });

  it("contains each example as a whole program", () => {
    const examples = new Set(
      installed.files.map((file) => /^examples\/([^/]+)\//.exec(file)?.[1] ?? "").filter(Boolean),
    );
    expect(examples).to.include("quickstart");
    const others = {
      go: ["Pulumi.yaml", "README.md", "go.mod", "go.sum", "main.go"],
      python: ["Pulumi.yaml", "README.md", "__main__.py", "requirements.txt"],
      yaml: ["Pulumi.yaml"],
    };
    for (const [name, needed] of Object.entries(others)) {
      expect(installed.files).to.include.members(needed.map((file) => `examples/${name}/${file}`));
      examples.delete(name);
    }
    for (const name of examples) {
      // A program of the Automation API has its project in code.
      const project = readFileSync(`examples/${name}/index.ts`, "utf8").includes("LocalWorkspace")
        ? []
        : ["Pulumi.yaml"];
      const needed = ["index.ts", "package.json", "tsconfig.json", ...project];
      expect(installed.files).to.include.members(needed.map((file) => `examples/${name}/${file}`));
    }
  });

  it("requires the Node.js version that its pages name", () => {
    const version = /^>=(\d+\.\d+)\.0$/.exec(manifest.engines.node)?.[1];
    for (const page of ["README.md", "docs/start/requirements.md"]) {
      expect(readFileSync(page, "utf8"), page).to.include(`${version} or newer`);
    }
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
      import {
        ConsulSnapshot, type ConsulSnapshotArgs,
        type ConsulConnection, type ConsulConnectionArgs, type ConsulDecryption, type ConsulDecryptionArgs,
        type ConsulEncryption, type ConsulEncryptionArgs, type ConsulInspect, type ConsulInspectArgs,
        type ConsulRetention, type ConsulRetentionArgs, type ConsulSafetySnapshot, type ConsulSafetySnapshotArgs,
      } from "${manifest.name}";
      const args: ConsulSnapshotArgs = { target: "./backups/", triggers: ["1.18.0"], connection: { token: "t" } };
      export function take(): pulumi.Output<number> {
        return new ConsulSnapshot("pre-upgrade", args).index;
      }
      export function find(): pulumi.Output<string> {
        const decryption = { identityFiles: ["key.txt"] };
        return ConsulSnapshot.get("found", "/backups/a.snap.age", { decryption, retainOnDelete: true }).location;
      }
      const token = pulumi.secret("t");
      export const forwarded: ConsulConnectionArgs = {
        headers: [{ name: "X-Route", value: token }, pulumi.output({ name: "X-Team", value: Promise.resolve("t") })],
      };
      type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
      export const formerNames: [
        Same<ConsulConnection, ConsulConnectionArgs>, Same<ConsulDecryption, ConsulDecryptionArgs>,
        Same<ConsulEncryption, ConsulEncryptionArgs>, Same<ConsulInspect, ConsulInspectArgs>,
        Same<ConsulRetention, ConsulRetentionArgs>, Same<ConsulSafetySnapshot, ConsulSafetySnapshotArgs>,
      ] = [true, true, true, true, true, true];
      export function copyable(snapshot: ConsulSnapshot): pulumi.Output<string | undefined> {
        return snapshot.url;
      }
      // @ts-expect-error: a target is needed
      export const wrong: ConsulSnapshotArgs = { triggers: [] };
      if (typeof ConsulSnapshot !== "function") throw new Error("no ConsulSnapshot");
    `;
    const strict = { target: "es2022", strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false };

    interface Settings {
      readonly module: string;
      readonly moduleResolution: string;
      readonly type?: "module";
    }
    const most: Readonly<Record<string, Settings>> = {
      "with the settings of Pulumi's template": { module: "commonjs", moduleResolution: "node10" },
      "as an ES module with node16": { module: "node16", moduleResolution: "node16", type: "module" },
    };
    // That types are found in these ways is checked above.
    const others: Readonly<Record<string, Settings>> = {
      "as CommonJS with node16": { module: "node16", moduleResolution: "node16" },
      "for a bundler": { module: "esnext", moduleResolution: "bundler", type: "module" },
    };
    for (const [how, settings] of Object.entries(effort.choose(most, { ...most, ...others }))) {
      const { type = "commonjs", ...options } = settings;
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

/** What only this package needs: the SDK of Pulumi, which every program loads, brings the others. */
const dependencies = Object.keys(manifest.dependencies).filter((name) => !/^(@grpc\/|google-protobuf$)/.test(name));

function isCompiled(file: string): boolean {
  return /^dist\/.*\.(js|d\.ts)$/.test(file);
}

/** What is bundled, so that nobody gets it in another version. */
function isBundled(file: string): boolean {
  return file.startsWith("node_modules/");
}

/** The files that one entry of `exports` names. */
function targets(entry: string | Record<string, string>): readonly string[] {
  return typeof entry === "string" ? [entry] : Object.values(entry);
}
