import { execFile } from "node:child_process";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { laterIn } from "../support/programs/clock";
import { type ConsulCluster, type ConsulServer, inspect, startConsul, until } from "../support/consul/consul";
import { freePorts, LOOPBACK } from "../support/programs/ports";
import { PulumiProject } from "../support/pulumi/project";
import { SECRETS_PROVIDER } from "../support/pulumi/secretsProvider";
import { loseQuorum, startReplacement, untilItHoldsAll } from "../support/consul/quorumLoss";
import { saveTo, temporaryFolder } from "../support/programs/saving";
import { STORES } from "../support/stores/stores";

const run = promisify(execFile);

describe("the examples", function () {
  this.timeout(180_000);
  let consul: ConsulServer;
  let project: PulumiProject;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  afterEach(() => project.remove());

  it("quickstart runs by `pulumi up` in the repository's root", async () => {
    const config = { "consul:address": consul.address, "consul-backup:target": "../../backups/" };
    const files = ["Pulumi.yaml", "package.json", "examples/quickstart"];
    project = await PulumiProject.copy(".", "consul-backup", { config }, files);
    const text = await project.up();
    const [name = ""] = await project.archives();
    expect(text).to.include(name);
    expect((await inspect(project.path("backups", name))).Meta.Index).to.equal((await project.outputs()).index);
  });

  it("pre-upgrade backs up before the release is changed, and stops it when there is no backup", async () => {
    const config = { "consul:address": consul.address, "consul:connectTimeout": "1s" };
    project = await PulumiProject.copy("examples/pre-upgrade", "pre-upgrade", { config });
    await project.up();
    expect(await project.archives()).to.have.lengthOf(1);
    await project.run(["config", "set", "consulVersion", "1.18.1"]);
    const text = await project.up();
    expect(text.indexOf("verified and saved")).to.be.within(0, text.search(/Resource consul updated/));
    expect(await project.archives()).to.have.lengthOf(2);
    expect(await readFile(project.path("installed"), "utf8")).to.equal("1.18.1");

    await project.run(["config", "set", "consulVersion", "1.19.0"]);
    await project.run(["config", "set", "consul:token", "nobody-knows-it", "--plaintext"]);
    await project.run(["config", "set", "consul:datacenter", "nowhere"]);
    expect(await project.upFails()).to.include("CONSUL_UNKNOWN_DATACENTER");
    expect(await readFile(project.path("installed"), "utf8")).to.equal("1.18.1");
  });

  it("hook backs up when the release is really updated, and not before", async () => {
    // The language host of these tests passes no hooks on: the program runs in the Automation API's way.
    project = await PulumiProject.create("");
    await cp(resolve("examples/hook"), project.path("hook"), { recursive: true });
    const runner = `
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
require("${resolve("node_modules/ts-node")}").register({ transpileOnly: true });
LocalWorkspace.createOrSelectStack({ stackName: "hooked", projectName: "hook", program: async () => require("./index.ts") }, { workDir: ".", secretsProvider: "${SECRETS_PROVIDER}" })
  .then(async (stack) => {
    await stack.setConfig("consulVersion", { value: process.argv[2] });
    await stack.up();
  });
`;
    await writeFile(project.path("hook/run.cjs"), runner);
    const env = project.environment({ CONSUL_HTTP_ADDR: consul.address });
    const upgrade = (version: string) =>
      run(process.execPath, ["run.cjs", version], { cwd: project.path("hook"), env });
    await upgrade("1.18.0");
    expect(await readdir(project.path("hook"))).to.not.include("backups");
    await upgrade("1.18.1");
    expect(await project.archives("hook/backups")).to.have.lengthOf(1);
    expect(await readFile(project.path("hook/installed"), "utf8")).to.equal("1.18.1");
  });

  it("a program that has its code inline says what Pulumi's failure means where its folder has no packages", async () => {
    project = await PulumiProject.create("");
    const elsewhere = await temporaryFolder();
    const runner = `
const { LocalWorkspace } = require("${resolve("node_modules/@pulumi/pulumi/automation")}");
const { ConsulSnapshot } = require("${resolve("dist/sdk")}");
const program = async () => void new ConsulSnapshot("backup", { target: "./backups/" });
LocalWorkspace.createOrSelectStack({ stackName: "astray", projectName: "astray", program })
  .then((stack) => stack.up())
  .catch((error) => console.log(error.message));
`;
    try {
      await writeFile(`${elsewhere.path}/run.cjs`, runner);
      const env = project.environment({ CONSUL_HTTP_ADDR: consul.address });
      const { stdout } = await run(process.execPath, ["run.cjs"], { cwd: elsewhere.path, env });
      expect(stdout).to.include("warning: the package pulumi-consul-snapshot cannot be found from ");
      expect(stdout).to.include("Cannot find module");
    } finally {
      await elsewhere.remove();
    }
  });

  it("multi-datacenter backs up each of two joined datacenters through one server, also beside one that fails", async () => {
    const [one = 0, other = 0] = await freePorts(2);
    const join = { retry_join_wan: [`${LOOPBACK}:${one}`], retry_interval_wan: "100ms" };
    const servers = await Promise.all([
      startConsul({ datacenter: "east", wanPort: one }),
      startConsul({ datacenter: "west", wanPort: other, config: join }),
    ]);
    try {
      await until("the datacenters to know each other", async () => {
        const answer = await servers[0].fetch("/v1/kv/x?dc=west");
        await answer.arrayBuffer();
        return answer.status === 404 ? true : undefined;
      });
      const config = {
        "consul:address": servers[0].address,
        "multi-datacenter:datacenters": '["east","west"]',
      };
      project = await PulumiProject.copy("examples/multi-datacenter", "multi-datacenter", { config });
      await project.up();
      const taken = await project.resources();
      expect(taken.map(({ outputs }) => outputs?.datacenter)).to.have.members(["east", "west"]);
      for (const datacenter of ["east", "west"]) {
        const [name = "", ...others] = await project.archives(`backups/${datacenter}`);
        expect(name).to.match(new RegExp(`^consul-${datacenter}-`));
        expect(others).to.be.empty;
      }

      await project.run(["config", "set", "datacenters", '["east","nowhere","west"]']);
      // As the example says: else Pulumi begins nothing more once one has failed, and which it has begun is chance.
      const { code, text } = await project.run(["up", "--yes", "--skip-preview", "--continue-on-error"], {
        ...(await laterIn(project))(26),
      });
      expect(code, text).to.not.equal(0);
      expect(text)
        .to.match(/backup-nowhere .*creating failed/)
        .and.include("CONSUL_UNKNOWN_DATACENTER");
      for (const datacenter of ["east", "west"]) {
        expect(await project.archives(`backups/${datacenter}`)).to.have.lengthOf(2);
      }
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });

  it("scheduled takes a snapshot when there is no fresh one, and tells in JSON and by its exit code", async () => {
    project = await PulumiProject.create("", { env: { CONSUL_HTTP_ADDR: consul.address } });
    await cp(resolve("examples/scheduled"), project.path("scheduled"), { recursive: true });
    const program = (env: Record<string, string> = {}) =>
      run(process.execPath, [resolve("node_modules/ts-node/dist/bin.js"), "index.ts"], {
        cwd: project.path("scheduled"),
        env: project.environment({ TS_NODE_TRANSPILE_ONLY: "true", BACKUP_TARGET: project.path("backups/"), ...env }),
      });
    type Summary = { taken: boolean; location: string; index: number; takenAt: string; kept: number };
    const summary = async (env?: Record<string, string>) => JSON.parse((await program(env)).stdout) as Summary;
    const failed = async (env: Record<string, string>) => {
      const failure = await program(env).then(
        () => undefined,
        (error: unknown) => error as { code: number; stdout: string; stderr: string },
      );
      expect(failure).to.include({ code: 1, stdout: "" });
      expect(failure?.stderr).to.include("There is no fresh backup: see above.").and.not.include("    at ");
      return failure?.stderr;
    };
    const later = await laterIn(project);

    const unreachable = { CONSUL_HTTP_ADDR: "127.0.0.1:1" };
    const first = await summary();
    expect(first).to.include({ taken: true, kept: 1 });
    expect((await inspect(first.location)).Meta.Index).to.equal(first.index);
    // There is a fresh one: nothing is asked of Consul.
    expect(await summary({ ...later(19), ...unreachable })).to.deep.equal({ ...first, taken: false });

    expect(await failed({ ...later(26), ...unreachable })).to.include("CONSUL_UNREACHABLE");
    const second = await summary(later(26));
    expect(second.taken).to.equal(true);
    expect(second.location).to.not.equal(first.location);
    expect(await failed({ BACKUP_TARGET: "s3://key:secret@bucket/" })).to.match(/target .* contains credentials/);
  });

  it("restore restores once, and what was there before is kept", async () => {
    const key = (value?: string) =>
      consul.api("/v1/kv/who?raw", value === undefined ? {} : { method: "PUT", body: value });
    const folder = await temporaryFolder();
    try {
      await key("the archive");
      const { saved } = await saveTo(`${folder.path}/`, { address: consul.address });
      await key("the cluster");
      const config = {
        "consul:address": consul.address,
        "restore:runId": "2026-11-24 rollback",
        "restore:validUntil": new Date(Date.now() + 3_600_000).toISOString(),
        "restore:source": saved.manifest.location,
      };
      project = await PulumiProject.copy("examples/restore", "restore", { config });
      const text = await project.up();
      expect(text).to.match(/outcome +: "(exact|drift)"/);
      expect(await key()).to.equal("the archive");
      expect(await project.archives("before-restore")).to.have.lengthOf(1);

      await key("the cluster, later");
      await project.up();
      await project.run(["config", "set", "source", "elsewhere.snap"]);
      expect(await project.up()).to.include("source changed, which restores nothing");
      expect(await key()).to.equal("the cluster, later");
    } finally {
      await folder.remove();
    }
  });

  it("quorum-loss saves what the last server holds, and restores it to new servers", async () => {
    const lost = await loseQuorum();
    let replacement: ConsulCluster | undefined;
    try {
      const config = { "quorum-loss:survivor": lost.survivor.address };
      project = await PulumiProject.copy("examples/quorum-loss", "quorum-loss", { config });
      await project.run(["config", "set", "--secret", "oldToken", lost.token]);
      expect(await project.up()).to.include("the newest writes may be missing");
      await lost.stop();

      replacement = await startReplacement();
      const [first] = replacement.servers;
      await project.run(["config", "set", "replacement", first?.address ?? ""]);
      await project.run(["config", "set", "--secret", "newToken", first?.token ?? ""]);
      await project.run(["config", "set", "runId", "2026-11-25 quorum loss"]);
      await project.run(["config", "set", "validUntil", new Date(Date.now() + 3_600_000).toISOString()]);
      expect(await project.up()).to.match(/outcome +: "(exact|drift)"/);
      await untilItHoldsAll(replacement, lost);
    } finally {
      await Promise.all([lost.stop(), replacement?.stop()]);
    }
  });

  for (const [name, kind] of [
    ["s3", STORES[1]!],
    ["gcs", STORES[2]!],
    ["azure", STORES[3]!],
  ] as const) {
    it(`${name} backs up to ${kind.name}`, async () => {
      const server = await kind.start();
      try {
        const target = server.url("consul/{datacenter}/");
        const config = { "consul:address": consul.address, [`${name}:target`]: target };
        project = await PulumiProject.copy(`examples/${name}`, name, { config, env: server.env });
        await project.up();
        const { location, kept } = await project.outputs();
        expect(location).to.include("consul/dc1/consul-dc1-");
        expect(kept).to.equal(1);
      } finally {
        await server.stop();
      }
    });
  }
});
