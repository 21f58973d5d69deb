import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import manifest from "../../package.json";
import { generatedArchive } from "../support/archives/generatedArchive";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { effort } from "../support/effort";
import type { Ended } from "../support/programs/command";
import { PLUGIN_TYPE, PulumiProject } from "../support/pulumi/project";
import { STORES, type StoreServer } from "../support/stores/stores";

const TOOL = resolve("tools/release.mjs");
const SYSTEM = `${process.platform}-${process.arch}`;
/** Programs that the plugin's user has; `node` is none of them. */
const PATH = resolve(".tools/bin");

/** Prints what the thread that verifies an archive answers. */
const REPORT_THREADS = `
process.on("worker", (worker) =>
  worker.on("message", ({ kind }) => process.stderr.write("thread: " + kind + "\\n")));
`;

/** Runs a program to its end, with these variables as its whole environment. */
async function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd = "."): Promise<Ended> {
  const child = execFile(file, args, { cwd, env });
  const said = { out: "", err: "" };
  child.stdout?.on("data", (text: string) => (said.out += text));
  child.stderr?.on("data", (text: string) => (said.err += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}

describe("npm run release", function () {
  this.timeout(900_000);

  it("refuses a system that it does not know, and names those that it knows", async () => {
    const { code, out } = await run(process.execPath, [TOOL, "--only", "linux-mips"], process.env);
    expect(code).to.equal(1);
    expect(out).to.include('no system named "linux-mips"').and.include(SYSTEM);
  });

  if (effort.full) describe("its executables, where there is no Node.js", describeExecutables);
});

function describeExecutables(): void {
  let consul: ConsulServer;
  let work: string;
  /** Where the archives are: those of an earlier `npm run release`, or built here. */
  let output: string;

  before(async () => {
    work = await mkdtemp(join(tmpdir(), "release-"));
    output = resolve(process.env.RELEASE_FOLDER ?? join(work, "release"));
    if (process.env.RELEASE_FOLDER === undefined) {
      const args = ["--only", SYSTEM, "--output", output, "--no-test"];
      const built = await run(process.execPath, [TOOL, ...args], process.env);
      expect(built.code, built.out + built.err).to.equal(0);
    }
    for (const archive of await archives())
      await promisify(execFile)("tar", ["-xzf", join(output, archive)], { cwd: work });
    consul = await startConsul();
  });
  after(async () => {
    await consul.stop();
    await rm(work, { recursive: true, force: true });
  });

  /** The archives for this system. */
  async function archives(): Promise<string[]> {
    const sums = await readFile(join(output, "SHA256SUMS"), "utf8");
    const names = [...sums.matchAll(/^[0-9a-f]{64} {2}(\S+)$/gm)].map(([, name = ""]) => name);
    const arch = process.arch === "x64" ? "amd64" : process.arch;
    return names.filter((name) => name.endsWith(`-v${manifest.version}-${process.platform}-${arch}.tar.gz`));
  }

  const command = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    run(join(work, "consul-snapshot"), args, { PATH, CONSUL_HTTP_ADDR: consul.address, ...env }, work);

  async function succeeds(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { code, out, err } = await command(args, env);
    expect(code, `${args.join(" ")}\n${out}${err}`).to.equal(0);
    return out;
  }

  it("are in archives of the names that Pulumi downloads, with their SHA-256 and licenses", async () => {
    const names = await archives();
    expect(names.map((name) => name.replace(/-v\d.*/, ""))).to.deep.equal([
      "consul-snapshot",
      "pulumi-resource-consul-snapshot",
    ]);
    const sums = await readFile(join(output, "SHA256SUMS"), "utf8");
    for (const name of names) {
      const sum = createHash("sha256")
        .update(await readFile(join(output, name)))
        .digest("hex");
      expect(sums).to.include(`${sum}  ${name}\n`);
    }
    expect(await readFile(join(work, "LICENSE"), "utf8")).to.equal(await readFile("LICENSE", "utf8"));
    expect(await readFile(join(work, "THIRD-PARTY-LICENSES"), "utf8"))
      .to.match(/^@aws-sdk\/client-s3 [\d.]+ \(Apache-2\.0\)$/m)
      .and.match(/^Node\.js [\d.]+$/m);
  });

  it("the command says its version, and prints command lines that work here", async () => {
    expect(await succeeds(["--version"])).to.equal(`${manifest.name} ${manifest.version}\n`);
    expect(await succeeds(["save", "--help"])).to.include("consul-snapshot save");
  });

  it("the command verifies a large archive on a thread", async () => {
    const [archive, hook] = [join(work, "large.snap"), join(work, "hook.cjs")];
    await pipeline(generatedArchive(16_000_000), createWriteStream(archive));
    await writeFile(hook, REPORT_THREADS);
    const { code, err } = await command(["verify", archive], { NODE_OPTIONS: `--require ${hook}` });
    expect(code, err).to.equal(0);
    expect(err).to.include("thread: started\n").and.include("thread: report\n");
  });

  for (const kind of STORES) {
    describe(kind.name, () => {
      let server: StoreServer;
      before(async () => {
        server = await kind.start();
      });
      after(() => server.stop());

      it("the command saves, verifies, plans a restore, and lists", async () => {
        const target = server.url("command/");
        const saved = JSON.parse(await succeeds(["save", target, "--format", "json"], server.env)) as {
          readonly location: string;
        };
        expect(await succeeds(["verify", saved.location], server.env)).to.include(": valid");
        const plan = ["restore", saved.location, "--safety-snapshot", server.url("safety/"), "--plan"];
        expect(await succeeds(plan, server.env)).to.match(/plan|would|nothing/i);
        const listed = JSON.parse(await succeeds(["list", target, "--format", "json"], server.env)) as {
          readonly archives: readonly unknown[];
        };
        expect(listed.archives).to.have.lengthOf(1);
      });

      it("the plugin serves a program in YAML", async () => {
        const program = (trigger: string) => () => ({
          resources: {
            backup: { type: PLUGIN_TYPE, properties: { target: server.url("plugin/"), triggers: [trigger] } },
          },
          outputs: { location: "${backup.location}" },
        });
        const project = await PulumiProject.yaml(program("1"), {
          config: { "consul-snapshot:address": consul.address },
          env: { PATH, ...server.env },
          plugin: join(output, (await archives()).find((name) => name.startsWith("pulumi-")) ?? ""),
        });
        try {
          await project.up();
          const { location } = await project.outputs();
          expect(await succeeds(["verify", String(location)], server.env)).to.include(": valid");
          expect(await project.up()).to.include("2 unchanged");
          project.yamlProgram(program("2"));
          expect((await project.run(["preview", "--diff"])).text).to.include("trigger 0 changed");
          await project.up();
          expect((await project.outputs()).location).to.not.equal(location);
          await project.destroy();
        } finally {
          await project.remove();
        }
      });
    });
  }
}
