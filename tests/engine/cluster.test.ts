import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { type ConsulCluster, type ConsulServer, inspect, startCluster, until } from "../support/consul/consul";
import { PulumiProject } from "../support/pulumi/project";

const PROGRAM = `
for (const name of (env.NAMES || "backup").split(",")) {
  new ConsulSnapshot(name, { target: "./backups/", consistency: env.CONSISTENCY, maxStaleness: env.MAX_STALENESS });
}
`;

describe("a ConsulSnapshot of a three-server cluster", function () {
  this.timeout(180_000);
  let cluster: ConsulCluster;
  let asked: ConsulServer;
  let project: PulumiProject;

  beforeEach(async () => {
    cluster = await startCluster(3);
    asked = (await cluster.followers())[0]!;
    project = await PulumiProject.create(PROGRAM, { config: { "consul:address": asked.address } });
  });
  afterEach(async () => {
    await project.remove();
    await cluster.stop();
  });

  it("survives the leader's death during saves, or fails in plain words, and keeps only good archives", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const leader = await cluster.leader();
    const { child, output } = project.start(["up", "--yes", "--skip-preview"], { NAMES: names.join(",") });
    const ended = new Promise((done) => child.on("close", done));
    await until("the first archive", async () => {
      const found = await readdir(project.path("backups")).catch(() => []);
      return found.length > 0 || child.exitCode !== null ? true : undefined;
    });
    await leader.kill();
    await ended;
    for (const { outputs } of await project.resources()) await inspect(String(outputs?.location));
    const archives = (await readdir(project.path("backups"))).filter((name) => !name.endsWith(".manifest.json"));
    for (const name of archives) await inspect(project.path("backups", name));
    expect(output()).to.not.match(/\n\s+at /);
    // With a new leader the rest is taken.
    await project.up({ NAMES: names.join(",") });
    expect(await project.resources()).to.have.lengthOf(names.length);
  });

  it("refuses a consistent snapshot without a quorum, and takes a stale one that says how stale it is", async () => {
    for (const server of cluster.servers) if (server !== asked) await server.kill();
    await until("the server to know no leader", async () =>
      (await asked.api("/v1/status/leader")) === "" ? true : undefined,
    );
    const refused = await project.upFails();
    expect(refused).to.include("CONSUL_NO_LEADER").and.include('consistency: "stale"');

    const tooStale = await project.upFails({ CONSISTENCY: "stale", MAX_STALENESS: "1ms" });
    expect(tooStale).to.include("CONSUL_TOO_STALE");
    expect(await readdir(project.dir)).to.not.include("backups");

    const text = await project.up({ CONSISTENCY: "stale" });
    expect(text).to.match(/warning: .*knows no leader and last heard from one [\d.]+ s ago/);
    const outputs = await project.outputs();
    expect(outputs.knownLeader).to.equal(false);
    expect(outputs.lastContact).to.be.greaterThan(0);
    await inspect(String(outputs.location));
  });
});
