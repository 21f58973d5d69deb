import { once } from "node:events";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import type { Manifest } from "../../../provider/catalog/manifest";
import { nameOf } from "../../../provider/restore/receipt";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { type ConsulProxy, consulProxy } from "../../support/faults/consulProxy";
import { outcomeForUsers, planFrom, restoreFrom, type RestoreWishes } from "../../support/programs/restoring";
import { saveTo, temporaryFolder } from "../../support/programs/saving";

const LIMITS = { observation: { stableMs: 1, limitMs: 20_000 }, unchangedMs: 1 };
const VICTIM = "ssh-ed25519 AAAA the operator's own file\n";

describe("a receipt that somebody else has written", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let proxy: ConsulProxy;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let manifest: Manifest;
  let archive: string;
  let stolen: string[];
  const thief = createServer((request, response) => {
    stolen.push(String(request.url));
    response.writeHead(404).end();
  });
  const path = (name: string): string => join(folder.path, name);

  before(async () => {
    consul = await startConsul();
    proxy = await consulProxy(consul.address);
    thief.listen(0, "127.0.0.1");
    await once(thief, "listening");
  });
  after(async () => {
    thief.closeAllConnections();
    thief.close();
    await proxy.stop();
    await consul.stop();
  });
  beforeEach(async () => {
    stolen = [];
    folder = await temporaryFolder();
    await consul.api("/v1/kv/who", { method: "PUT", body: "the archive" });
    const { saved } = await saveTo(path("archives/"), { address: consul.address });
    archive = saved.manifest.location;
    await consul.api("/v1/kv/who", { method: "PUT", body: "the cluster" });
    manifest = (await saveTo(path("known/"), { address: consul.address })).saved.manifest;
    await mkdir(path("safety"));
    await writeFile(path("victim"), VICTIM);
  });
  afterEach(async () => {
    expect(await readFile(path("victim"), "utf8"), "a file that a receipt names").to.equal(VICTIM);
    expect(stolen, "requests to a server that a receipt names").to.deep.equal([]);
    expect(await consul.api("/v1/kv/who?raw")).to.equal("the cluster");
    expect(proxy.restores()).to.equal(0);
    await folder.remove();
  });

  /** As far as a manifest and a pull request tell: what the cluster holds now is given out as the archive's contents. */
  async function forge(more: object): Promise<void> {
    const serverIds = manifest.servers.map(({ id }) => id);
    const records = Object.fromEntries(
      manifest.contents.map(({ type, count }) => [type, { count, digest: manifest.digests[type] }]),
    );
    const contents = { snapshotId: manifest.snapshotId, index: manifest.index, records };
    const receipt = {
      ...{ schema: 1, writtenBy: "x", runId: "rollback", series: "x", source: archive, sha256: "0".repeat(64) },
      ...{ archiveSize: 1, begunAt: new Date().toISOString(), datacenter: "dc1", serverIds },
      ...{ archive: contents, before: { ...contents, records: {} } },
      ...more,
    };
    await writeFile(path(`safety/${nameOf({ runId: "rollback", serverIds })}`), JSON.stringify(receipt));
  }

  function run(wishes: RestoreWishes["request"] = {}) {
    const request = { runId: "rollback", ...wishes };
    return restoreFrom(archive, { address: proxy.address }, { safety: path("safety/"), limits: LIMITS, request });
  }

  it("is not believed about the archive: that is the one that the request names", async () => {
    await forge({ otherReceipt: path("victim") });
    const { restored, error } = await run();
    expect(restored).to.equal(undefined);
    expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
    expect(error?.message).to.include("its receipt names another archive than source");
  });

  it("does not make a cluster that was not restored look as if it was", async () => {
    const { sha256 } = (await saveTo(path("again/"), { address: consul.address })).saved.manifest;
    const real = JSON.parse(await readFile(`${archive}.manifest.json`, "utf8")) as Manifest;
    expect(real.sha256).to.not.equal(sha256);
    await forge({ sha256: real.sha256, otherReceipt: path("victim"), safetySnapshot: "/attacker's/evil.snap" });
    const { restored, error } = await run();
    expect(restored?.outcome, "it holds other values than the archive").to.not.equal("exact");
    expect(`${error?.message} ${error?.hint}`).to.not.include("evil.snap").and.not.include("consul-snapshot restore");
  });

  it("leads to no other place, whatever it names", async () => {
    const { port } = thief.address() as AddressInfo;
    const source = `s3://box/a.snap?region=eu-west-1&endpoint=http://127.0.0.1:${port}&s3ForcePathStyle=true`;
    await forge({ source, receipt: source, otherReceipt: source, safetySnapshot: source });
    expect((await run()).restored).to.equal(undefined);
  });

  it("shows none of the places that it names: neither in a plan, nor in a failure, nor in a result", async () => {
    const evil = "/attacker's/evil.snap";
    const result = { outcome: "exact", restoredAt: "2026-11-24T00:00:00.000Z", restoredIndex: 1, snapshotId: "1-1-1" };
    const whole = { ...result, servers: [], contents: [], differences: [], safetySnapshot: evil };
    await forge({ source: evil, safetySnapshot: evil, result: whole });
    const asked = { safety: path("safety/"), request: { runId: "rollback" } };
    const plan = await planFrom(archive, { address: proxy.address }, asked);
    expect("earlier" in plan && plan.earlier.attempt.source).to.equal(archive);
    const ended = await run();
    expect(ended.restored?.outcome).to.equal("unproved");
    await forge({ source: evil, safetySnapshot: evil });
    const failed = await run();
    expect(failed.error?.code).to.equal("RESTORE_UNCONFIRMED");
    const shown = JSON.stringify([plan, ended.restored, ended.said, failed.error, failed.error?.message, failed.said]);
    expect(shown).to.include("names a safety snapshot that is not at the place of this request");
    expect(shown).to.not.include("evil.snap");
  });

  it("is refused where a field is not what a receipt has", async () => {
    const strange: [string, object][] = [
      ["no server", { serverIds: [] }],
      ["numbers as servers", { serverIds: [1] }],
      ["another run", { runId: "another" }],
      ["another schema", { schema: 2 }],
      ["no records", { archive: { snapshotId: "x", index: 1 } }],
      ["an outcome that there is not", { result: { outcome: "constructor" } }],
      ["a result of another form", { result: { outcome: "exact", differences: {} } }],
      ["a time that is none", { begunAt: "soon" }],
      ["a text that is too long", { source: "x".repeat(100_000) }],
    ];
    for (const [what, more] of strange) {
      await forge(more);
      const { error } = await run();
      expect(error?.code, what).to.equal("RESTORE_REFUSED");
      expect(error?.message, what).to.include("guard receipt");
    }
  });

  describe("without a result", () => {
    const ofNow = (more: object) => ({
      ...{ sha256: manifest.sha256, archiveSize: manifest.archiveSize, source: manifest.location },
      ...{ before: { snapshotId: "1-1-1", index: 1, records: {} }, ...more },
    });
    const runOf = (source: string) =>
      restoreFrom(
        source,
        { address: proxy.address },
        { safety: path("safety/"), limits: LIMITS, request: { runId: "rollback" } },
      );

    it("does not make a cluster look restored that never was, whether or not it was written to since the archive", async () => {
      await forge(ofNow({}));
      for (const writes of [0, 1]) {
        if (writes > 0) await consul.api("/v1/kv/since", { method: "PUT", body: `${Math.random()}` });
        const { restored, error } = await runOf(manifest.location);
        expect(restored).to.equal(undefined);
        expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
        expect(error?.message).to.match(/only its receipt, .*, says what the cluster held before: its safety snapshot/);
      }
    });

    it("does not either with an older backup of the cluster in place of the safety snapshot", async () => {
      const older = JSON.parse(await readFile(`${archive}.manifest.json`, "utf8")) as Manifest;
      const safety = path("safety/consul-older.snap");
      await copyFile(archive, safety);
      const asSafety = { ...older, purpose: "safety", location: safety };
      await writeFile(`${safety}.manifest.json`, JSON.stringify(asSafety));
      const before = { snapshotId: older.snapshotId, index: older.index, records: {} };
      await forge(ofNow({ safetySnapshot: safety, before }));
      const { restored, error } = await runOf(manifest.location);
      expect(restored).to.equal(undefined);
      expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
      expect(error?.message).to.include("consul-older.snap is not its safety snapshot");
    });
  });

  describe("with a result", () => {
    const RESULT = {
      ...{ outcome: "exact", restoredAt: "2026-11-24T00:00:00.000Z", restoredIndex: 1, snapshotId: "1-1-1" },
      ...{ servers: [], contents: [], differences: [] },
    };
    /** The hash of the archive, which its manifest tells. */
    async function realHash(): Promise<string> {
      return (JSON.parse(await readFile(`${archive}.manifest.json`, "utf8")) as Manifest).sha256;
    }

    it("about another archive proves nothing, and says so", async () => {
      await forge({ result: { ...RESULT, evil: 1 }, source: "a\u001b[2Kb\n" });
      const { restored, said } = await run();
      expect(restored).to.include({ outcome: "unproved", adopted: true }).and.not.have.property("evil");
      expect(said.warn.join()).to.match(
        /as its receipt .* says: nothing was restored now, but the cluster does not prove it: .*another archive/,
      );
      expect(said.warn.join(), "control characters").to.not.match(/[\p{Cc}]/u);
    });

    const states: readonly (readonly [string, (before: object) => object])[] = [
      ["nothing about the state before", (before) => ({ before: { ...before, records: {} } })],
      ["that the state before was the present one", (before) => ({ before })],
      ["that everything was written after the restore", (before) => ({ before: { ...before, index: 0, records: {} } })],
    ];
    for (const [what, more] of states) {
      it(`is never exact if the cluster holds something else, even if it claims ${what}`, async () => {
        const records = Object.fromEntries(
          manifest.contents.map(({ type, count }) => [type, { count, digest: manifest.digests[type] }]),
        );
        const before = { snapshotId: manifest.snapshotId, index: manifest.index, records };
        await forge({ result: RESULT, sha256: await realHash(), ...more(before) });
        const { restored, said } = await run();
        expect(restored?.adopted).to.equal(true);
        expect(restored?.outcome).to.not.equal("exact");
        expect(said.warn.join()).to.include("nothing was restored now");
      });
    }

    it("is an error if a drift would be one", async () => {
      await forge({ result: RESULT, sha256: await realHash() });
      const { restored, error } = await run({ strict: true });
      expect(restored).to.equal(undefined);
      expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
    });

    it("is adopted if the cluster holds what the archive holds, which is read back and not believed", async () => {
      await forge({ result: { ...RESULT, outcome: "drift", restoredIndex: 1 }, sha256: manifest.sha256 });
      const known = { request: { runId: "rollback" }, safety: path("safety/"), limits: LIMITS };
      const ended = await restoreFrom(manifest.location, { address: proxy.address }, known);
      const { restored } = ended;
      expect([outcomeForUsers(ended), restored?.adopted]).to.deep.equal(["as archived", true]);
      expect(restored?.restoredIndex).to.be.above(1);
      expect(restored?.contents).to.not.deep.equal([]);
    });
  });

  it("with a result about another archive than the request's SHA-256 is refused", async () => {
    await forge({});
    const { error } = await run({ sha256: "1".repeat(64) });
    expect(error?.code).to.equal("RESTORE_REFUSED");
    expect(error?.message).to.include("was begun with another archive");
  });
});

describe("a run id", function () {
  this.timeout(120_000);

  it("in another Unicode form, or with blanks at its ends, is the same run", async () => {
    const [consul, folder] = [await startConsul(), await temporaryFolder()];
    const proxy = await consulProxy(consul.address);
    try {
      const archive = (await saveTo(`${folder.path}/`, { address: consul.address })).saved.manifest.location;
      const name = "Zürich";
      for (const [at, runId] of [name.normalize("NFC"), name.normalize("NFD"), ` ${name} `].entries()) {
        const { restored } = await restoreFrom(
          archive,
          { address: proxy.address },
          { limits: LIMITS, request: { runId } },
        );
        expect(restored?.adopted, JSON.stringify(runId)).to.equal(at > 0);
      }
      expect(proxy.restores()).to.equal(1);
    } finally {
      await proxy.stop();
      await consul.stop();
      await folder.remove();
    }
  });
});
