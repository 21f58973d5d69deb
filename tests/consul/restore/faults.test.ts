import type { Allowance } from "../../../provider/restore/guards";
import { PIECE_SIZE } from "../../../provider/restore/pieceHashes";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readSync, renameSync, truncateSync, utimesSync, writeSync } from "node:fs";
import { cp, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type ClusterState, clusterState, QUIET } from "../../support/consul/clusterState";
import { type ConsulCluster, type ConsulServer, fill, fillKv, startCluster } from "../../support/consul/consul";
import { effort } from "../../support/effort";
import { type Ended, outcomeForUsers, restoreFrom, type RestoreWishes } from "../../support/programs/restoring";
import { saveTo, temporaryFolder } from "../../support/programs/saving";
import { type CuttingProxy, startCuttingProxy } from "../../support/faults/cuttingProxy";
import { federated } from "../../support/consul/federated";
import { compiledProgram } from "../../support/programs/compiled";

/** How often each fault is tried. Cuts are spread over the archive; the moment of a death is left to chance. */
const CUTS = effort.choose(5, 20);
const LOST_ANSWERS = effort.choose(2, 6);
const LEADER_KILLS = effort.choose(2, 6);
const OWN_KILLS = effort.choose(3, 10);
const PATIENCE = { observation: { stableMs: 1, limitMs: 20_000 }, unchangedMs: 1500 };

/** Of these there is some in the archive, and some that differ in the cluster. */
const USERS = ["KVS", "ConfigEntry", "Session", "PreparedQuery"];

/** A file is read in pieces of so many bytes. */
const FIRST_BYTES = 256 * 1024;
/** More than all requests have that come before the archive. */
const SOME_BYTES = 64 * 1024;
/** Faults that are noticed before anything is sent, if they concern the first piece. */
const STOPPED_EARLY = ["source replaced", "source altered"];
const LONG_AGO = new Date("2026-01-01T00:00:00Z");

/** What a restore that was disturbed may leave, and what there was in the end, by fault. */
const counts = new Map<string, { as_before: number; as_in_the_archive: number }>();

describe("a restore that is disturbed while it is sent", function () {
  this.timeout(600_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let cluster: ConsulCluster;
  let server: ConsulServer;
  let proxy: CuttingProxy;
  let archive: string;
  let archiveSize: number;
  let archived: ClusterState;
  let tries = 0;

  before(async () => {
    folder = await temporaryFolder();
    cluster = await startCluster(3, QUIET);
    server = (await cluster.followers())[0]!;
    proxy = await startCuttingProxy(Number(server.address.split(":")[1]));
    await fillKv(server, { keys: 3000, bytes: 1000 });
    await fill(server, { keys: 0, sessions: 0 });
    await openSession("archived");
    await federated(server, 1);
    const { saved } = await saveTo(`${folder.path}/`, { address: server.address });
    archive = saved.manifest.location;
    archiveSize = saved.manifest.archiveSize;
    archived = await clusterState(server);
    expect(Object.keys(Object.fromEntries(written(archived)))).to.have.members(USERS);
  });
  after(async () => {
    await proxy.stop();
    await cluster.stop();
    await folder.remove();
    for (const [fault, ends] of counts) console.log(`    ${fault}: ${JSON.stringify(ends)}`);
    console.log(`    ${tries} restores disturbed, and none left anything else or reported anything untrue`);
  });

  let allow: readonly Allowance[] = ["unhealthyCluster"];

  /** The records of users; the catalog and its indexes are written by servers that come and go. */
  function written({ digests }: ClusterState): [string, string][] {
    return Object.entries(digests).filter(([type]) => USERS.includes(type));
  }

  /** On a node that is none of the servers', so that it lives on in any cluster. */
  async function openSession(name: string, on = server): Promise<void> {
    const put = (path: string, body: unknown): Promise<unknown> => on.api(path, { method: "PUT", body });
    await put("/v1/catalog/register", { Node: "elsewhere", Address: "10.0.1.1" });
    await put("/v1/session/create", { Node: "elsewhere", Name: name, Checks: [] });
  }

  function attempt(runId: string, source = archive, wishes: RestoreWishes = {}): Promise<Ended> {
    return restoreFrom(
      source,
      { address: `127.0.0.1:${proxy.port}` },
      {
        request: { runId, allow },
        safety: `${folder.path}/safety/`,
        limits: PATIENCE,
        ...wishes,
      },
    );
  }

  /** Whether what was reported is what is there; and that the run, once begun, restores nothing more. */
  async function judge(fault: string, before: ClusterState, runId: string, ended: Ended): Promise<void> {
    const what = `${fault}, try ${tries}: ${ended.error?.message ?? ended.restored?.outcome ?? "?"}`;
    const now = written(await clusterState(await cluster.leader()));
    const isArchive = JSON.stringify(now) === JSON.stringify(written(archived));
    if (!isArchive) expect(now, what).to.deep.equal(written(before));
    // A source that differs before its first piece has left is a refusal, and nothing has begun.
    if (STOPPED_EARLY.includes(fault) && ended.attempt === undefined && ended.restored === undefined) {
      expect(ended.error?.message, what).to.match(/^nothing was restored: /);
      await judgeUnbegun(fault, before, runId);
      return;
    }
    expect(ended.attempt ?? ended.restored, what).to.exist;
    expect(ended.restored !== undefined, what).to.equal(isArchive);
    if (!isArchive) expect(ended.error?.message, what).to.include("the cluster is as it was before");
    const again = await onceMore(runId, what);
    expect(again.restored !== undefined, `${what}; then ${again.error?.message ?? ""}`).to.equal(isArchive);
    count(fault, isArchive);
    expect(written(await clusterState(await cluster.leader())), `${what}: the run after it`).to.deep.equal(now);
  }

  /** A run that has begun, run again: it must send nothing. */
  async function onceMore(runId: string, what: string): Promise<Ended> {
    const sent = proxy.sent();
    const again = await attempt(runId);
    expect(proxy.sent() - sent, `${what}: sent again`).to.be.below(archiveSize / 2);
    if (again.restored !== undefined) expect(again.restored.adopted, what).to.equal(true);
    return again;
  }

  /** Without a receipt nothing had begun: the next run is the first. */
  async function judgeUnbegun(fault: string, before: ClusterState, runId: string): Promise<void> {
    expect(written(await clusterState(await cluster.leader())), fault).to.deep.equal(written(before));
    const again = await attempt(runId);
    expect(again.restored, `${fault}; then ${again.error?.message ?? ""}`).to.include({ adopted: false });
    expect(outcomeForUsers(again), fault).to.equal("as archived");
    count(`${fault}, before it had begun`, false);
  }

  function count(fault: string, isArchive: boolean): void {
    const ends = counts.get(fault) ?? { as_before: 0, as_in_the_archive: 0 };
    ends[isArchive ? "as_in_the_archive" : "as_before"]++;
    counts.set(fault, ends);
  }

  async function receipts(): Promise<number> {
    const names = [...(await readdir(folder.path)), ...(await readdir(`${folder.path}/safety`))];
    return names.filter((name) => name.endsWith(".receipt.json")).length;
  }

  async function changed(): Promise<{ before: ClusterState; runId: string }> {
    const leader = await cluster.leader();
    await leader.api("/v1/kv/who", { method: "PUT", body: `the cluster, ${++tries}` });
    const entry = { Kind: "service-defaults", Name: `try-${tries}`, Protocol: "http" };
    await leader.api("/v1/config", { method: "PUT", body: entry });
    const query = { Name: `try-${tries}`, Service: { Service: "web" } };
    await leader.api("/v1/query", { method: "POST", body: query });
    await openSession(`try ${tries}`, leader);
    return { before: await clusterState(leader), runId: `try ${tries}` };
  }

  it(`by a connection that is cut at ${CUTS} points of the archive`, async () => {
    for (let at = 0; at < CUTS; at++) {
      const { before, runId } = await changed();
      const ended = await attempt(runId, archive, {
        // The restore is the one large thing that is sent.
        heard: (message) => {
          if (message.includes("verified and saved"))
            proxy.cutSendingAfter(2000 + ((at + 0.5) / CUTS) * (archiveSize - 2000));
        },
      });
      await judge("connection cut", before, runId, ended);
    }
  });

  it(`by an answer that is lost once Consul has restored: ${LOST_ANSWERS} times`, async () => {
    for (let at = 0; at < LOST_ANSWERS; at++) {
      const { before, runId } = await changed();
      const ended = await attempt(runId, archive, {
        heard: (message) => {
          if (message.includes("verified and saved")) proxy.loseAnswer(/PUT \/v1\/snapshot/);
        },
      });
      expect(outcomeForUsers(ended)).to.equal("as archived");
      expect(ended.said.warn.join()).to.include("though Consul did not confirm the restore");
      await judge("answer lost", before, runId, ended);
    }
  });

  it("by a source that is another archive when it is read again: 2 times", async () => {
    const other = await saveTo(`${folder.path}/other/`, { address: server.address });
    for (let at = 0; at < 2; at++) {
      const replacement = join(folder.path, `r${at}.snap`);
      await cp(other.saved.manifest.location, replacement);
      const sent = await disturbSource("source replaced", /verified and saved/, (source) =>
        renameSync(replacement, source),
      );
      expect(sent, "nothing of the archive").to.be.below(SOME_BYTES);
    }
  });

  it("by a source that has other bytes when it is read again, of the same size and time: 3 times", async () => {
    for (let at = 0; at < 3; at++) {
      // Once in the first piece, once in the last, once anywhere.
      const from = at === 1 ? archiveSize - 8 : FIRST_BYTES;
      const to = at === 0 ? PIECE_SIZE : archiveSize;
      const place = from + Math.floor(Math.random() * (to - from));
      const sent = await disturbSource("source altered", /verified and saved/, (source) => {
        const file = openSync(source, "r+");
        const byte = Buffer.alloc(1);
        readSync(file, byte, 0, 1, place);
        writeSync(
          file,
          byte.map((value) => value ^ 1),
          0,
          1,
          place,
        );
        closeSync(file);
        utimesSync(source, LONG_AGO, LONG_AGO);
      });
      const before = Math.floor(place / PIECE_SIZE) * PIECE_SIZE;
      expect(sent, "nothing from the altered piece on").to.be.below(before + SOME_BYTES);
      if (before > 0) expect(sent, "what is before it").to.be.above(SOME_BYTES);
    }
  });

  it("by a source that ends while it is sent: 3 times", async () => {
    for (let at = 0; at < 3; at++) {
      const sent = await disturbSource("source cut", /^restoring: (?!0\.0 kB)/, (source) =>
        truncateSync(source, Math.floor(archiveSize * 0.7)),
      );
      expect(sent, "some of the archive").to.be.above(SOME_BYTES).and.below(archiveSize);
    }
  });

  /** @returns how many bytes went to Consul */
  async function disturbSource(fault: string, when: RegExp, disturb: (source: string) => void): Promise<number> {
    const { before, runId } = await changed();
    const source = join(folder.path, `source-${tries}.snap`);
    for (const end of ["", ".manifest.json"]) await cp(archive + end, source + end);
    await utimes(source, LONG_AGO, LONG_AGO);
    let isDisturbed = false;
    const sentBefore = proxy.sent();
    const ended = await attempt(runId, source, {
      heard: (message) => {
        if (isDisturbed || !when.test(message)) return;
        isDisturbed = true;
        disturb(source);
      },
    });
    const sent = proxy.sent() - sentBefore;
    expect(isDisturbed).to.equal(true);
    expect(ended.error?.message).to.match(/changed|was verified/);
    expect(ended.restored).to.equal(undefined);
    await judge(fault, before, runId, ended);
    return sent;
  }

  it(`by the leader's death: ${LEADER_KILLS} times`, async () => {
    const safe = { cluster, proxy, allow };
    // Each time a new cluster, which the archive is not of.
    allow = [...allow, "otherCluster"];
    for (let at = 0; at < LEADER_KILLS; at++) {
      cluster = await startCluster(3, QUIET);
      const leader = await cluster.leader();
      const [follower] = await cluster.followers();
      proxy = await startCuttingProxy(Number(follower!.address.split(":")[1]));
      const { before, runId } = await changed();
      const afterMs = Math.random() * 80;
      const ended = await attempt(runId, archive, {
        heard: (message) => {
          if (message.includes("verified and saved")) setTimeout(() => void leader.kill(), afterMs);
        },
      });
      await leader.kill();
      await judge("leader killed", before, runId, ended);
      await proxy.stop();
      await cluster.stop();
    }
    ({ cluster, proxy, allow } = safe);
  });

  it(`by its own death with -9: ${OWN_KILLS} times`, async () => {
    for (let at = 0; at < OWN_KILLS; at++) {
      const { before, runId } = await changed();
      const receiptsBefore = await receipts();
      const script = compiledProgram("restorer");
      const child = spawn(
        process.execPath,
        [script, archive, `127.0.0.1:${proxy.port}`, `${folder.path}/safety/`, runId],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const ended = once(child, "exit");
      child.stdout.on("data", (text: Buffer) => {
        if (text.includes("verified and saved")) setTimeout(() => child.kill("SIGKILL"), Math.random() * 150);
      });
      await ended;
      // Who was killed reports nothing: the run after it does.
      const fault = "killed with -9";
      if ((await receipts()) > receiptsBefore) await judge(fault, before, runId, await onceMore(runId, fault));
      else await judgeUnbegun(fault, before, runId);
    }
  });
});
