import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Access } from "../../agent/access";
import { makeLog } from "../../agent/log";
import { Presence } from "../../agent/presence";
import { type ConsulServer, startConsul, until } from "../support/consul/consul";
import { effort } from "../support/effort";
import { type ConsulProxy, consulProxy } from "../support/faults/consulProxy";
import { remark } from "../../provider/text";

const ALIVE = "Consul Snapshot Agent Alive: passing, the agent runs";
const saving = (status: string): string => `Consul Snapshot Agent Saving Snapshots: ${status}`;

describe("the agent's checks in Consul", function () {
  this.timeout(60_000);
  let consul: ConsulServer;
  let proxy: ConsulProxy;
  let lines: string[];
  let presence: Presence;
  let ending: AbortController;
  let keeping: Promise<void>;
  before(async () => {
    consul = await startConsul();
    proxy = await consulProxy(consul.address);
  });
  after(async () => {
    await proxy.stop();
    await consul.stop();
  });
  beforeEach(async () => {
    lines = [];
    ending = new AbortController();
    const config = { format: "text", level: "INFO", syslog: false, facility: "LOCAL0" } as const;
    const log = makeLog(
      config,
      (line) => lines.push(line),
      () => new Date(0),
    );
    const access = new Access({ connection: { address: proxy.address } }, {}, log);
    presence = new Presence({ service: "snapshots", deregisterAfterMs: 0 }, 3_600_000, access, log);
    keeping = presence.keep(ending.signal);
    await shows(ALIVE);
  });
  afterEach(async () => {
    ending.abort();
    await keeping;
    await presence.leave();
    expect(await consul.api("/v1/agent/services")).to.deep.equal({});
  });

  async function shows(...expected: readonly string[]): Promise<void> {
    await until(expected.join("; "), async () => {
      const checks = Object.values((await consul.api("/v1/agent/checks")) as Record<string, Record<string, string>>);
      const found = checks.map(({ Name, Status, Output }) => `${Name}: ${Status}, ${Output}`).sort();
      return found.join("; ") === expected.join("; ") ? true : undefined;
    });
  }

  it("pass while an agent has begun to lead, and then say what saving comes to", async () => {
    await presence.saving("critical", remark`not yet a leader`);
    await presence.leads();
    await shows(ALIVE, saving("passing, this agent has begun to lead"));
    await Promise.all([
      presence.saving("critical", remark`s3: denied`),
      presence.saving("passing", remark`all is well`),
    ]);
    await shows(ALIVE, saving("passing, all is well"));
    await presence.follows();
    await shows(ALIVE);
    expect(lines).to.deep.equal([]);
  });

  it("come back when they could not be registered, or were removed", async () => {
    proxy.failNext(/check\/register/);
    await presence.leads();
    await shows(ALIVE, saving("passing, this agent has begun to lead"));
    expect(lines.join()).to.include("the service is not registered").and.include("CONSUL_RESPONSE");
    const [id = ""] = Object.keys((await consul.api("/v1/agent/services")) as object);
    await consul.api(`/v1/agent/check/deregister/${id}:saving`, { method: "PUT" });
    await presence.saving("critical", remark`s3: denied`);
    await shows(ALIVE, saving("critical, s3: denied"));
  });

  it("are removed where Consul has removed them before", async () => {
    await presence.leads();
    await shows(ALIVE, saving("passing, this agent has begun to lead"));
    const [id = ""] = Object.keys((await consul.api("/v1/agent/services")) as object);
    await consul.api(`/v1/agent/check/deregister/${id}:saving`, { method: "PUT" });
    await presence.follows();
    await shows(ALIVE);
    expect(lines).to.deep.equal([]);
  });

  it("are removed when that failed at first", async () => {
    await presence.leads();
    proxy.failNext(/check\/deregister/);
    await presence.follows();
    await shows(ALIVE);
  });
});

describe("the agent's service after its death", function () {
  // Consul waits for a minute at least, and looks every 30 s.
  this.timeout(effort.choose(60_000, 240_000));
  let consul: ConsulServer;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());

  const services = async (): Promise<string[]> =>
    Object.values((await consul.api("/v1/agent/services")) as Record<string, { Service: string }>)
      .map(({ Service }) => Service)
      .sort();
  /** Registers a service as an agent does that is killed then, and lets its check become critical. */
  async function leaveBehind(service: string, deregisterAfterMs: number): Promise<void> {
    const log = makeLog(
      { format: "text", level: "INFO", syslog: false, facility: "LOCAL0" },
      () => undefined,
      () => new Date(0),
    );
    const access = new Access({ connection: { address: consul.address } }, {}, log);
    const killed = new AbortController();
    const presence = new Presence({ service, deregisterAfterMs }, 3_600_000, access, log);
    const keeping = presence.keep(killed.signal);
    const id = await until(service, async () => {
      const checks = Object.values((await consul.api("/v1/agent/checks")) as Record<string, Record<string, string>>);
      return checks.find(({ ServiceName, Status }) => ServiceName === service && Status === "passing")?.CheckID;
    });
    killed.abort();
    await keeping;
    // As its TTL does after 30 s.
    await consul.api(`/v1/agent/check/update/${id}`, { method: "PUT", body: { Status: "critical" } });
  }
  /** After which time Consul removes each service, in nanoseconds: what it keeps of its checks for its own next start. */
  async function removals(): Promise<Record<string, number>> {
    const folder = join(consul.dataDir, "checks");
    const kept: Record<string, number> = {};
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const { Check, ChkType } = JSON.parse(await readFile(join(folder, entry.name), "utf8")) as {
        Check: { ServiceName: string };
        ChkType: { DeregisterCriticalServiceAfter: number };
      };
      kept[Check.ServiceName] = ChkType.DeregisterCriticalServiceAfter;
    }
    return kept;
  }

  it("is to be removed by Consul after deregister_after, and never if that is 0", async () => {
    await leaveBehind("kept", 0);
    await leaveBehind("removed", 60_000);
    expect(await removals()).to.deep.equal({ kept: 0, removed: 60_000_000_000 });
  });

  if (effort.full) {
    it("is removed by Consul", async () => {
      const isRemoved = async (): Promise<true | undefined> =>
        (await services()).includes("removed") ? undefined : true;
      await until("the removal", isRemoved, 200_000);
      expect(await services()).to.deep.equal(["kept"]);
    });
  }
});
