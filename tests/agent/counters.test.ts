import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Agent, fetch } from "undici";
import { type ConsulServer, eventually, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { type AgentRun, configFile, startAgent } from "./running";

describe("the numbers that an agent serves", function () {
  this.timeout(60_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const running: AgentRun[] = [];
  before(async () => {
    [consul, folder] = await Promise.all([startConsul(), temporaryFolder()]);
  });
  after(async () => {
    for (const run of running) run.stop();
    await Promise.all(running.map(({ ended }) => ended.catch(() => undefined)));
    await Promise.all([consul.stop(), folder.remove()]);
  });

  const path = (name: string): string => join(folder.path, name);
  function start(args: readonly string[]): AgentRun {
    const run = startAgent(args);
    running.push(run);
    return run;
  }

  it("outlast SIGHUP, and begin with the last success of a former process", async () => {
    const http = { address: `unix://${path("agent.sock")}` };
    const folderAt = (name: string, own: object = {}): object => ({ name, path: path(name), ...own });
    const configure = (...local_storage: object[]): Promise<string> =>
      configFile(folder.path, { http_addr: consul.address, http, backup_destinations: { local_storage } });
    const file = await configure(folderAt("stays"), folderAt("goes"));
    const dispatcher = new Agent({ connect: { socketPath: path("agent.sock") } });
    const get = async (at: string): Promise<string> => (await fetch(`http://agent${at}`, { dispatcher })).text();
    const valuesOf = async (name: string): Promise<Record<string, string>> => {
      const lines = (await get("/metrics")).matchAll(/^consul_snapshot_(\w+)\{(.*)\} (.*)$/gm);
      return Object.fromEntries(
        [...lines]
          .filter(
            ([, metric, labels]) => labels?.includes(`"${name}"`) === true && metric !== "next_run_timestamp_seconds",
          )
          .map(([, metric, , value]) => [String(metric), String(value)]),
      );
    };
    const isFound = async (): Promise<boolean> => "last_success_timestamp_seconds" in (await valuesOf("stays"));
    const saved = async (run: AgentRun, destination: string, from = 0): Promise<string> =>
      run.line(new RegExp(`Saved snapshot: id=\\d{19} destination=${destination}$`), from);

    const run = start(["-config-file", file]);
    await Promise.all([saved(run, "stays"), saved(run, "goes")]);
    const [stays, phase] = [await valuesOf("stays"), await valuesOf("take")];
    expect(stays).to.include({ successes_total: "1", archives_kept: "1" });
    const status = JSON.parse(await get("/status")) as { started: string };
    const reloadedAt = run.lines.length;
    await configure(folderAt("stays", { interval: "2h" }), folderAt("comes"));
    run.reload();
    await saved(run, "comes", reloadedAt);
    expect(await valuesOf("stays")).to.deep.equal(stays);
    expect((await valuesOf("take")).duration_seconds_count).to.equal(String(Number(phase.duration_seconds_count) + 1));
    expect(await valuesOf("goes")).to.deep.equal({});
    expect(await valuesOf("comes")).to.include({ successes_total: "1" });
    const reloaded = JSON.parse(await get("/status")) as { started: string };
    expect(reloaded.started).to.equal(status.started);
    run.stop();
    await run.ended;

    const next = start(["-config-file", file]);
    await next.line(/Obtained leadership/);
    await eventually("the last success", isFound);
    const found = await valuesOf("stays");
    expect(found).to.include({ successes_total: "0" });
    const [name = ""] = (await readdir(path("stays"))).filter((each) => each.endsWith(".snap"));
    const [, takenAt] = /-(\d{13})/.exec(name) ?? [];
    expect(Number(found.last_success_timestamp_seconds) * 1000).to.be.closeTo(Number(takenAt), 1);
    expect(await get("/")).to.not.include("none by this agent");
    await dispatcher.close();
  });
});
