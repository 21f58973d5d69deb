import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import manifest from "../../package.json";
import { generatedArchive } from "../support/archives/generatedArchive";
import { type ConsulServer, startConsul, until, untilRegistered } from "../support/consul/consul";
import { federated } from "../support/consul/federated";
import { effort } from "../support/effort";
import type { Ended } from "../support/programs/command";
import { freePort } from "../support/programs/ports";
import { PLUGIN_TYPE, type ProjectOptions, PulumiProject, type YamlProgram } from "../support/pulumi/project";
import { versitygw } from "../support/stores/s3";
import { STORES, type StoreServer } from "../support/stores/stores";
import { pluginHost } from "./lifecycle/hosts";
import { lives } from "./lifecycle/lives";

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
    await federated(consul, 1);
    await untilRegistered([consul]);
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

  /** The executable in the place of the plugin of this repository. */
  async function installed(): Promise<ProjectOptions> {
    const plugin = (await archives()).find((name) => name.startsWith("pulumi-")) ?? "";
    return { env: { PATH }, plugin: join(output, plugin) };
  }

  async function yaml(program: YamlProgram, more: Readonly<Record<string, string>>): Promise<PulumiProject> {
    const { env, ...options } = await installed();
    const config = { "consul-snapshot:address": consul.address };
    return PulumiProject.yaml(program, { ...options, config, env: { ...env, ...more } });
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

  it("the command restores, and proves it", async () => {
    await consul.api("/v1/kv/who", { method: "PUT", body: "the archive" });
    const saved = JSON.parse(await succeeds(["save", "./restored/", "--format", "json"])) as {
      readonly location: string;
    };
    await consul.api("/v1/kv/who", { method: "PUT", body: "someone, later" });
    const restore = ["restore", saved.location, "--safety-snapshot", "./before/", "--yes", "--format", "json"];
    expect(JSON.parse(await succeeds(restore))).to.include({ outcome: "exact" });
    expect(await consul.api("/v1/kv/who?raw")).to.equal("the archive");
    expect((await readdir(join(work, "before"))).filter((name) => name.endsWith(".snap"))).to.have.lengthOf(1);
  });

  it("the agent is elected, saves, serves its metrics, and ends in order", async () => {
    const config = join(work, "agent.json");
    const address = `127.0.0.1:${await freePort()}`;
    const agent = {
      http_addr: consul.address,
      http: { address },
      backup_destinations: {
        targets: [{ target: "./agent/", schedule: "0 0 1 1 *", retention: { keepLast: 2 } }],
        local_storage: [{ path: "./agent-too/" }],
      },
    };
    await writeFile(config, JSON.stringify({ snapshot_agent: agent }));
    expect(await succeeds(["agent", "-check-config", `-config-file=${config}`])).to.include("agent-too");
    const child = execFile(join(work, "consul-snapshot"), ["agent", `-config-file=${config}`], {
      cwd: work,
      env: { PATH },
    });
    const said: string[] = [];
    const ended = once(child, "close");
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: string) => said.push(text));
    await until("a snapshot", () => {
      if (child.exitCode !== null) throw new Error(said.join(""));
      return Promise.resolve(/Saved snapshot/.test(said.join("")) || undefined);
    });
    expect(said.join("")).to.include("Obtained leadership");
    expect(await (await fetch(`http://${address}/metrics`)).text()).to.match(/^consul_snapshot_leader 1$/m);
    child.kill("SIGTERM");
    expect(await ended, said.join("")).to.deep.equal([0, null]);
    expect(await readdir(join(work, "agent-too"))).to.not.be.empty;
  });

  it("the plugin restores, and calls functions, for a program in YAML", async () => {
    const project = await yaml(
      () => ({
        resources: {
          backup: { type: PLUGIN_TYPE, properties: { target: "./backups/" } },
          rollback: {
            type: "consul-snapshot:index:ConsulSnapshotRestore",
            properties: {
              runId: "once",
              validUntil: "2099-01-01T00:00:00Z",
              source: "${backup.location}",
              safetySnapshot: { target: "./before/" },
            },
          },
        },
        variables: {
          verified: {
            "fn::invoke": {
              function: "consul-snapshot:index:verifyArchive",
              arguments: { source: "${backup.location}", consulVersion: "1.14.0" },
            },
          },
        },
        outputs: { outcome: "${rollback.outcome}", ok: "${verified.ok}" },
      }),
      {},
    );
    try {
      await project.up();
      const shown = await project.run(["stack", "output", "--json"]);
      expect(JSON.parse(shown.text)).to.deep.equal({ outcome: "exact", ok: true });
      const listed = await project.run(["do", PLUGIN_TYPE, "list", "--target", "./before/"]);
      expect(JSON.parse(listed.text)).to.have.lengthOf(1);
    } finally {
      await project.remove();
    }
  });

  lives(versitygw, false, pluginHost("as a resource of the executable", installed));

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
        const project = await yaml(program("1"), server.env);
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

          const { code, text } = await project.run(["import", PLUGIN_TYPE, "adopted", String(location), "--yes"]);
          expect(code, text).to.equal(0);
          expect((await project.outputs()).location).to.equal(location);
        } finally {
          await project.remove();
        }
      });
    });
  }
}
