import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer, type IncomingMessage, request as httpRequest } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { DONE, NOTHING_DONE } from "../../../cli/restore/restore";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { type Balancer, startBalancer } from "../../support/faults/balancer";
import { consulProxy } from "../../support/faults/consulProxy";
import { listenOnLoopback } from "../../support/faults/listening";
import { command } from "../../support/programs/command";
import { type Ended, planFrom, restoreFrom, type RestoreWishes } from "../../support/programs/restoring";
import { saveTo, temporaryFolder } from "../../support/programs/saving";
import { restoreAtTerminal, whenAsked } from "../../support/programs/terminalRestore";

const LIMITS = { observation: { stableMs: 1, limitMs: 2000 } };

describe("a restore through one address that leads to two clusters", function () {
  this.timeout(120_000);
  let one: ConsulServer;
  let two: ConsulServer;
  let balancer: Balancer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let archive: string;

  before(async () => {
    [one, two] = await Promise.all([startConsul({ names: "one-" }), startConsul({ names: "two-" })]);
    balancer = await startBalancer(() => one.address);
  });
  after(() => Promise.all([one.stop(), two.stop(), balancer.stop()]));
  beforeEach(async () => {
    folder = await temporaryFolder();
    await one.api("/v1/kv/who", { method: "PUT", body: "one, archived" });
    archive = (await saveTo(`${folder.path}/`, { address: one.address })).saved.manifest.location;
    await one.api("/v1/kv/who", { method: "PUT", body: "one" });
    await two.api("/v1/kv/who", { method: "PUT", body: "two, the only copy" });
    balancer.lead(() => one.address, true);
  });
  afterEach(async () => {
    expect(await two.api("/v1/kv/who?raw"), "what the other cluster holds").to.equal("two, the only copy");
    await folder.remove();
  });

  function run(wishes: RestoreWishes = {}): Promise<Ended> {
    const to = { address: balancer.address };
    return restoreFrom(archive, to, { limits: LIMITS, safety: join(folder.path, "safety/"), ...wishes });
  }

  async function receipts(): Promise<string[]> {
    const names = [...(await readdir(folder.path)), ...(await readdir(join(folder.path, "safety")).catch(() => []))];
    return names.filter((name) => name.endsWith(".receipt.json"));
  }

  for (const [turns, choose] of [
    ["by turns", (at: number) => [0, 1][at % 2]],
    ["by turns, the other one first", (at: number) => [1, 0][at % 2]],
    ["by threes", (at: number) => [0, 0, 1][at % 3]],
    ["by threes, in another order", (at: number) => [0, 1, 1][at % 3]],
    ["from the second connection on", (at: number) => (at === 0 ? 0 : 1)],
    ["from the third connection on", (at: number) => (at < 2 ? 0 : 1)],
  ] as const) {
    it(`never sends the archive to the other one: ${turns}`, async () => {
      let first: number | undefined;
      balancer.lead((at) => [one, two][choose(at - (first ??= at)) ?? 0]!.address);
      const { restored, error, attempt } = await run();
      if (restored === undefined) {
        expect(attempt).to.equal(undefined);
        expect(error?.code).to.equal("RESTORE_REFUSED");
        expect(error?.message).to.match(/guard (cluster|otherCluster|safetySnapshot)\)/);
        expect(await one.api("/v1/kv/who?raw")).to.equal("one");
        expect(await receipts()).to.deep.equal([]);
      } else expect(await one.api("/v1/kv/who?raw")).to.equal("one, archived");
    });
  }

  for (const [when, message, cut] of [
    ["while the cluster is observed", "observing the cluster", true],
    ["once the safety snapshot is taken", "verified and saved", false],
    ["once the safety snapshot is taken, and all connections are cut", "verified and saved", true],
  ] as const) {
    it(`is stopped before anything is sent when the address moves ${when}`, async () => {
      const { error, attempt } = await run({
        heard: (text) => {
          if (text.includes(message)) balancer.lead(() => two.address, cut);
        },
      });
      expect(attempt).to.equal(undefined);
      // A request that is under way when its connection is cut fails by itself.
      if (!cut || error?.code !== "CONSUL_UNREACHABLE") {
        expect(error?.code).to.equal("RESTORE_REFUSED");
        expect(error?.message).to.include("another cluster answers").and.include("guard cluster");
        expect(error?.details).to.have.property("guards").that.has.lengthOf(1);
      }
      expect(await one.api("/v1/kv/who?raw")).to.equal("one");
      expect(await receipts(), "the run can be repeated").to.deep.equal([]);
    });
  }

  for (const [how, cut] of [
    ["for new connections", false],
    ["with all its connections", true],
  ] as const) {
    it(`is stopped before anything is sent when the address moves ${how} while a person reads the plan and confirms`, async () => {
      const proxy = await consulProxy(two.address);
      try {
        const { code, out, err } = await restoreAtTerminal(
          archive,
          { httpAddr: balancer.address, safetySnapshot: join(folder.path, "safety/") },
          whenAsked((person) => {
            balancer.lead(() => proxy.address, cut);
            person.type("dc1");
          }),
        );
        expect({ code, out }).to.deep.equal({ code: NOTHING_DONE, out: "" });
        expect(err).to.match(/nothing was restored/i);
        // A request that is under way when its connection is cut fails by itself.
        if (!cut || !err.includes("(CONSUL_UNREACHABLE)")) {
          expect(err).to.include("another cluster answers").and.include("(guard cluster) (RESTORE_REFUSED)");
        }
        expect(proxy.writes(), "requests to the other one that change anything").to.equal(0);
        expect(await one.api("/v1/kv/who?raw")).to.equal("one");
        expect(await receipts(), "the run can be repeated").to.deep.equal([]);
      } finally {
        await proxy.stop();
      }
    });
  }

  it("is refused to a later process by what the plan of an earlier one printed, when the address moved in between", async () => {
    const asked = ["--http-addr", balancer.address, "--safety-snapshot", join(folder.path, "safety/")];
    const planned = await command(["restore", archive, "--plan", "--run-id", "planned", ...asked]);
    expect(planned.code, planned.err).to.equal(DONE);
    const words = (/consul-snapshot (restore .*)\n$/.exec(planned.out)?.[1] ?? "").split(" ");
    expect(words).to.include.members(["--cluster", "--run-id", balancer.address]);
    const proxy = await consulProxy(two.address);
    try {
      balancer.lead(() => proxy.address, true);
      // Both are called dc1, and the guard that compares the archive with the cluster is overridden.
      const moved = await command([...words, "--yes", "--allow", "otherCluster"]);
      expect({ code: moved.code, out: moved.out }).to.deep.equal({ code: NOTHING_DONE, out: "" });
      expect(moved.err)
        .to.include("(guard cluster)")
        .and.match(/nothing was restored/i);
      const again = await command([...words, "--plan", "--allow", "otherCluster"]);
      expect(again.code).to.equal(NOTHING_DONE);
      expect(again.out + again.err).to.include("(guard cluster)");
      expect(proxy.writes(), "requests to the other one that change anything").to.equal(0);
      expect(await receipts(), "the run can be repeated").to.deep.equal([]);
    } finally {
      await proxy.stop();
    }
    expect(await one.api("/v1/kv/who?raw")).to.equal("one");
    balancer.lead(() => one.address, true);
    const restored = await command([...words, "--yes"]);
    expect(restored.code, restored.err).to.equal(DONE);
    expect(await one.api("/v1/kv/who?raw")).to.equal("one, archived");
  });

  it("is stopped when the version that the guards judge by came from the other one", async () => {
    const proxy = await consulProxy(({ url }) => (url?.startsWith("/v1/agent/self") === true ? two : one).address);
    try {
      const { error, attempt } = await restoreFrom(archive, { address: proxy.address }, { limits: LIMITS });
      expect(attempt).to.equal(undefined);
      expect(error?.code).to.equal("RESTORE_REFUSED");
      expect(error?.message).to.include("another cluster answers").and.include("guard cluster");
      expect(await one.api("/v1/kv/who?raw")).to.equal("one");
    } finally {
      await proxy.stop();
    }
  });

  it("is not taken by a cluster of another name where a proxy sends only the archive there", async () => {
    const other = await startConsul({ config: { datacenter: "elsewhere" } });
    await other.api("/v1/kv/who", { method: "PUT", body: "other, the only copy" });
    const proxy = await consulProxy(({ method }) => (method === "PUT" ? other : one).address);
    try {
      const limits = { ...LIMITS, unchangedMs: 1 };
      const { error, attempt } = await restoreFrom(archive, { address: proxy.address }, { limits });
      expect(proxy.restores()).to.equal(1);
      expect(attempt).to.equal(undefined);
      expect(error?.code, error?.message).to.equal("CONSUL_UNKNOWN_DATACENTER");
      expect(error?.message).to.include("nothing was restored");
      expect(await other.api("/v1/kv/who?raw")).to.equal("other, the only copy");
      expect(await one.api("/v1/kv/who?raw")).to.equal("one");
      expect(await receipts(), "the run can be repeated").to.deep.equal([]);
    } finally {
      await Promise.all([other.stop(), proxy.stop()]);
    }
  });

  it("is refused when the archive is of the other one, though both have the same name", async () => {
    const other = (await saveTo(`${folder.path}/`, { address: two.address })).saved.manifest.location;
    const plan = await planFrom(other, { address: one.address }, { limits: LIMITS });
    if ("earlier" in plan) throw new Error("it has begun before");
    expect(plan.guards.filter(({ ok }) => !ok).map(({ name }) => name)).to.deep.equal(["otherCluster"]);
    expect(plan.refusal?.message).to.include("the archive is from another cluster").and.include("no server is in both");
  });
});

describe("a restore with acl = write alone, through an address that moves to a cluster whose servers have the same addresses", function () {
  this.timeout(120_000);
  const SECRET = "6f1e4b0c-5b53-4d5e-8f7a-4f2a4a1f6d11";
  let one: ConsulServer;
  let two: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let archive: string;

  before(async () => {
    folder = await temporaryFolder();
    [one, two] = await Promise.all([startConsul({ acl: true }), startConsul({ acl: true })]);
    for (const server of [one, two]) {
      // Infrastructure as code: both clusters know the token under the same secret.
      await server.api("/v1/acl/policy", { method: "PUT", body: { Name: "restore", Rules: 'acl = "write"' } });
      const body = { SecretID: SECRET, Policies: [{ Name: "restore" }] };
      await server.api("/v1/acl/token", { method: "PUT", body });
    }
    await one.api("/v1/kv/who", { method: "PUT", body: "one, archived" });
    archive = (await saveTo(`${folder.path}/`, { address: one.address, token: one.token ?? "" })).saved.manifest
      .location;
    await one.api("/v1/kv/who", { method: "PUT", body: "one" });
    await two.api("/v1/kv/who", { method: "PUT", body: "two, the only copy" });
  });
  after(() => Promise.all([one.stop(), two.stop(), folder.remove()]));

  for (const [how, denied] of [
    ["by what every token may read", undefined],
    ["by the state itself, where a proxy denies that as well", /^\/v1\/(acl|connect|operator)\//],
  ] as const) {
    it(`is stopped before anything is sent, ${how}`, async () => {
      const denying = await listenOnLoopback(
        createServer((request, response) => {
          request.resume();
          response.writeHead(403).end("Permission denied: token lacks permission");
        }),
      );
      const inFrontOf = (server: ConsulServer) =>
        consulProxy(({ url = "" }) => {
          if (denied?.test(url) === true) return denying.address;
          return url.startsWith("/v1/status/peers") ? one.address : server.address;
        });
      const [first, second] = await Promise.all([inFrontOf(one), inFrontOf(two)]);
      const balancer = await startBalancer(() => first.address);
      try {
        const { error, attempt } = await restoreFrom(
          archive,
          { address: balancer.address, token: SECRET },
          {
            limits: LIMITS,
            safety: join(folder.path, "safety/"),
            heard: (text) => {
              if (text.includes("verified and saved")) balancer.lead(() => second.address);
            },
          },
        );
        expect(attempt).to.equal(undefined);
        expect(error?.code, error?.message).to.equal("RESTORE_REFUSED");
        expect(error?.message).to.include("another cluster answers").and.include("(guard cluster)");
        expect(second.restores() + first.restores()).to.equal(0);
        expect(await two.api("/v1/kv/who?raw")).to.equal("two, the only copy");
      } finally {
        await Promise.all([balancer, first, second, denying].map((each) => each.stop()));
      }
    });
  }
});

describe("what is written between the safety snapshot and the restore", function () {
  this.timeout(120_000);

  it("is counted, warned about and part of the result", async () => {
    const [consul, folder] = [await startConsul(), await temporaryFolder()];
    const proxy = await consulProxy(consul.address);
    try {
      const archive = (await saveTo(`${folder.path}/`, { address: consul.address })).saved.manifest.location;
      const safety = `${folder.path}/safety/`;
      const { restored, said } = await restoreFrom(
        archive,
        { address: proxy.address },
        {
          safety,
          limits: LIMITS,
          heard: (message) => {
            if (!message.includes("verified and saved")) return;
            proxy.beforeRequest(/\/v1\/agent\/self/, async () => {
              for (const key of ["a", "b", "c"]) await consul.api(`/v1/kv/order/${key}`, { method: "PUT", body: key });
            });
          },
        },
      );
      expect(restored?.unsavedChanges).to.be.at.least(3);
      expect(said.warn.join()).to.include(`Raft entries since the safety snapshot: ${restored?.unsavedChanges}`);
      expect(await consul.api("/v1/kv/order/?keys").catch(() => "gone")).to.equal("gone");
    } finally {
      await proxy.stop();
      await consul.stop();
      await folder.remove();
    }
  });
});

/** Writes a key from an address of its own. */
async function writeFrom(localAddress: string, consul: string, key: string): Promise<void> {
  const request = httpRequest(`http://${consul}/v1/kv/${key}`, { method: "PUT", localAddress });
  const answered = once(request, "response");
  request.end("written");
  const [response] = (await answered) as [IncomingMessage];
  expect(response.resume().statusCode).to.equal(200);
}

describe("a restore that Consul refuses", function () {
  this.timeout(120_000);

  it("says that nothing was restored, and can be repeated", async () => {
    const folder = await temporaryFolder();
    const consul = await startConsul({ config: { http_config: { allow_write_http_from: ["127.0.0.2/32"] } } });
    try {
      const archive = (await saveTo(`${folder.path}/`, { address: consul.address })).saved.manifest.location;
      await writeFrom("127.0.0.2", consul.address, "who");
      const started = await restoreFrom(
        archive,
        { address: consul.address },
        { safety: `${folder.path}/s/`, limits: { ...LIMITS, unchangedMs: 1 } },
      );
      expect(started.attempt).to.equal(undefined);
      expect(started.error?.code).to.equal("CONSUL_DENIED");
      expect(started.error?.message).to.match(/^nothing was restored: the configuration of the Consul agent .* blocks/);
      // Only the cluster shows that nobody passed on a small archive, all of which had been sent.
      expect(started.said.status.join()).to.include("reading the cluster back");
      expect(await consul.api("/v1/kv/who?raw"), "what was written after the archive").to.equal("written");
      const names = [...(await readdir(folder.path)), ...(await readdir(`${folder.path}/s`))];
      expect(names.filter((name) => name.endsWith(".receipt.json"))).to.deep.equal([]);
    } finally {
      await consul.stop();
      await folder.remove();
    }
  });
});
