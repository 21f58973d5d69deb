import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Agent, fetch } from "undici";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { type AgentRun, configFile, startAgent } from "./running";

describe("an agent, to a destination without an archive of its own", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const running = new Set<AgentRun>();
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    for (const run of running) run.stop();
    await Promise.all([...running].map(({ ended }) => ended.catch(() => undefined)));
    running.clear();
    await folder.remove();
  });

  const path = (name: string): string => join(folder.path, name);
  const snapshots = async (): Promise<string[]> =>
    (await readdir(path("b")).catch(() => [])).filter((name) => name.endsWith(".snap"));
  function start(args: readonly string[]): AgentRun {
    const run = startAgent(args);
    running.add(run);
    return run;
  }
  const agent = (more: object = {}, key = "consul-snapshot/lock") => ({
    http_addr: consul.address,
    snapshot: { interval: "1h", lock_key: key },
    local_storage: { path: path("b") },
    ...more,
  });

  it("saves at once where the newest archive at its destination is of another cluster", async () => {
    const other = await startConsul();
    try {
      for (const { address } of [consul, other]) {
        const shared = agent({ http_addr: address }, "consul-snapshot/shared");
        const run = start(["-config-file", await configFile(folder.path, shared)]);
        await run.line(/Saved snapshot/);
        run.stop();
        expect(await run.ended).to.equal(0);
      }
      expect(await snapshots()).to.have.lengthOf(2);
    } finally {
      await other.stop();
    }
  });

  it("says with the first archive under another name of the service which archives retention no longer removes", async () => {
    for (const service of ["consul-snapshot", "renamed"]) {
      const named = agent({ snapshot: { interval: "1h", lock_key: `consul-snapshot/${service}`, service } });
      const run = start(["-config-file", await configFile(folder.path, named)]);
      await run.line(/Saved snapshot/);
      run.stop();
      expect(await run.ended).to.equal(0);
      const said = run.lines.filter((line) => line.includes("first archive of the series"));
      if (service === "consul-snapshot") expect(said).to.deep.equal([]);
      else {
        expect(said).to.have.lengthOf(1);
        expect(said[0])
          .to.include("does not remove the 1 archive of consul-snapshot-agent/consul-snapshot at the same place")
          .and.include('set service: "consul-snapshot" to continue it');
      }
    }
  });

  it("says of a folder that nothing was saved to: there is no archive yet, and who takes the next one", async () => {
    const { ID } = (await consul.api("/v1/session/create", { method: "PUT", body: "{}" })) as { ID: string };
    // The flags of the Go client.
    const held = `/v1/kv/waiting/lock?acquire=${ID}&flags=3304740253564472344`;
    expect(await consul.api(held, { method: "PUT", body: "" })).to.equal(true);
    const http = { address: `unix://${path("agent.sock")}`, max_age: "1h" };
    const file = await configFile(folder.path, agent({ http, local_storage: { path: path("new") } }, "waiting/lock"));
    const run = start(["-config-file", file]);
    await run.line(/Serving HTTP/);
    const dispatcher = new Agent({ connect: { socketPath: path("agent.sock") } });
    const health = await fetch("http://agent/health", { dispatcher });
    expect([health.status, await health.json()]).to.deep.equal([
      503,
      { ok: false, reasons: [`${path("new")}/ has no archive yet: the agent that leads takes the next snapshot`] },
    ]);
    await dispatcher.close();
    run.stop();
    expect(await run.ended).to.equal(0);
    await consul.api(`/v1/session/destroy/${ID}`, { method: "PUT" });
  });
});
