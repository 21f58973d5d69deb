import { expect } from "chai";
import { RESTORE_VOCABULARY } from "../../../provider/args/vocabulary";
import { compact } from "../../../provider/compact";
import type { ClusterHealth, HealthRefusal } from "../../../provider/consul/client";
import { restorableSentence } from "../../../provider/archive/restorable";
import { restorableBy } from "../../../provider/catalog/archiveFacts";
import { ArchiveReader, type ArchiveReport } from "../../../provider/archive/reader";
import { evaluateGuards, type Guard, refusalOf } from "../../../provider/restore/guards";
import { describeRollback, type GuardFacts } from "../../../provider/restore/guardChecks";
import type { Manifest } from "../../../provider/catalog/manifest";
import { SnapshotError } from "../../../provider/errors";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf, type StateRecord } from "../../fixtures/state";

async function reportOf(...records: StateRecord[]): Promise<ArchiveReport> {
  const reader = new ArchiveReader();
  await reader.write(archiveOf(stateOf([keyValue("a", "1"), ...records])));
  return reader.end();
}

function running(...versions: string[]): ClusterHealth {
  const server = (version: string, at: number) => ({
    id: `${at}`,
    name: `server-${at}`,
    address: `10.0.0.${at}:8300`,
    healthy: true,
    alive: true,
    voter: true,
    leader: at === 0,
    lastIndex: 1,
    version,
  });
  return { healthy: true, servers: versions.map(server) };
}

interface Seen {
  readonly datacenter?: string;
  readonly serverIds?: readonly string[];
  readonly clusterServer?: string;
  readonly consulVersion?: string;
  readonly health?: ClusterHealth | HealthRefusal;
  readonly registeredVersions?: readonly string[];
  /** Default: there is one. */
  readonly hasLeader?: boolean;
  /** Why the current state cannot be read. */
  readonly error?: SnapshotError;
}

/** Of an archive that Consul 1.16 wrote. */
function guards(
  report: ArchiveReport,
  {
    consulVersion,
    health,
    registeredVersions,
    datacenter,
    serverIds = [],
    clusterServer,
    hasLeader = true,
    error,
  }: Seen,
): Guard[] {
  const manifest = {
    sha256: report.sha256,
    storedSize: report.archiveSize,
    consulVersion: "1.16.2",
    datacenter: "dc1",
  } as Manifest;
  const facts: GuardFacts = {
    vocabulary: RESTORE_VOCABULARY,
    now: new Date(),
    report,
    storedSize: report.archiveSize,
    manifest,
    cluster: {
      address: "http://127.0.0.1:8500",
      identity: { serverIds, serverAddresses: [] },
      ...compact({ consulVersion, registeredVersions, datacenter }),
      observation: { stable: hasLeader, ...compact({ health, leader: hasLeader ? "10.0.0.0:8300" : undefined }) },
    },
    ...compact({ clusterServer }),
    ...(error === undefined ? {} : { current: { error } }),
    safetySnapshot: false,
  };
  return evaluateGuards(facts, []);
}

function guard(name: string, report: ArchiveReport, seen: Seen): Guard | undefined {
  return guards(report, seen).find((judged) => judged.name === name);
}

describe("the guards of a restore", () => {
  it("call only an earlier state of the same cluster a rollback", async () => {
    const report = await reportOf();
    const [server] = report.meta.servers;
    const own = { serverIds: [server?.id ?? ""], serverAddresses: [] };
    const other = { serverIds: ["d4a2b4a0-0000-4000-8000-000000000000"], serverAddresses: [] };
    expect(describeRollback(report, 5000, own)).to.match(/^the cluster rolls back to .*: it is at index 5000 now$/);
    expect(describeRollback(report, 5000, other)).to.match(/^the cluster, at index 5000 now, receives the state of /);
    expect(describeRollback(report, 5, own)).to.match(/^the cluster, at index 5 now, receives the state of /);
  });

  it("do not take a cluster of another datacenter for the archive's, though servers have the same ids", async () => {
    const report = await reportOf();
    const serverIds = report.meta.servers.map(({ id }) => id);
    expect(guard("otherDatacenter", report, { serverIds, datacenter: "dc1" })?.message).to.equal(
      "the archive is from this cluster",
    );
    expect(guard("otherDatacenter", report, { serverIds })?.message).to.equal("the archive is from this cluster");
    expect(guard("otherDatacenter", report, { serverIds, datacenter: "dc2" })).to.include({
      ok: false,
      message: "the archive is from datacenter dc1, and the cluster at http://127.0.0.1:8500 is dc2",
    });
  });

  it("know the cluster of an earlier plan by a server, and nothing overrides that", async () => {
    const report = await reportOf();
    const serverIds = ["a", "b", "c"];
    expect(guard("cluster", report, { serverIds })).to.equal(undefined);
    expect(guard("cluster", report, { serverIds, clusterServer: "b" })?.ok).to.equal(true);
    expect(guard("cluster", report, { serverIds, clusterServer: "d" })).to.include({
      ok: false,
      overridable: false,
      message:
        "another cluster answers at http://127.0.0.1:8500: it has server a and 2 more, and the restore asks for the cluster of server d",
    });
    expect(guard("cluster", report, { clusterServer: "d" })).to.include({
      ok: false,
      message:
        "the restore asks for the cluster of server d, and it is unknown which cluster answers at http://127.0.0.1:8500",
    });
  });

  const resource: StateRecord = { type: 42, value: "\x0a\x04\x1a\x00\x22\x00" };

  it("know the edition, which autopilot leaves out", async () => {
    const report = await reportOf({ type: 64, value: "of Enterprise" });
    const enterprise = { consulVersion: "1.16.2+ent", health: running("1.16.2", "1.16.2") };
    expect(guard("restorable", report, enterprise)).to.include({
      ok: true,
      message: "there is no known reason why Consul 1.16.2+ent could not restore it (by its source)",
    });
    expect(guard("otherVersion", report, enterprise)).to.include({
      message: "Consul 1.16.2 wrote the archive, and the servers run 1.16.2+ent",
    });
    expect(guard("restorable", report, { ...enterprise, consulVersion: "1.16.2" })).to.include({ ok: false });
  });

  it("judge what can be restored by every version that runs there", async () => {
    const report = await reportOf(resource);
    expect(guard("restorable", report, { consulVersion: "1.16.2", health: running("1.16.2", "1.16.2") })).to.include({
      ok: true,
      message: "there is no known reason why Consul 1.16.2 could not restore it (by its source)",
    });
    const upgrading = { consulVersion: "1.16.2", health: running("1.16.2", "1.13.9") };
    expect(guard("restorable", report, upgrading)).to.include({
      ok: false,
      overridden: false,
      code: "STATE_UNKNOWN_RECORD",
      message: "it holds a record of type Resource, which Consul knows since 1.16: 1.13.9 cannot restore it",
    });
    expect(guard("restorable", report, { health: running("1.13.9") })?.ok, "the agent's is not known").to.equal(false);
    const plain = await reportOf();
    expect(guard("restorable", plain, upgrading)?.message).to.equal(
      "there is no known reason why Consul 1.16.2 could not restore it (by its source), and Consul 1.13.9 restores it (tried)",
    );
  });

  it("say how they know, in the words of verify and of the output", async () => {
    const plain = await reportOf();
    for (const [consulVersion, words] of [
      ["1.14.11", "Consul 1.14.11 restores it (tried)"],
      ["1.23.0", "there is no known reason why Consul 1.23.0 could not restore it (nearest version known: 1.22)"],
      ["3.0.1", "there is no known reason why Consul 3.0.1 could not restore it (nearest version known: 2.1)"],
    ] as const) {
      const { knownBy = "", basis = "source" } = restorableBy(plain, consulVersion) ?? {};
      expect(guard("restorable", plain, { consulVersion, health: running(consulVersion) })?.message).to.equal(words);
      expect(restorableSentence(consulVersion, { basis, knownBy })).to.equal(words);
    }
    const legacy = await reportOf({ type: 4, value: {} });
    const message = guard("restorable", legacy, { consulVersion: "3.0.1" })?.message;
    expect(message).to.match(/3\.0\.1 cannot restore it \(nearest version known: 2\.1\)/);
  });

  it("take the versions that all servers have registered, where none can be asked for", async () => {
    const registered = { registeredVersions: ["1.14.11", "1.13.9"], health: "denied" } as const;
    expect(guard("restorable", await reportOf(), registered)).to.include({
      ok: true,
      message: "Consul 1.14.11 restores it (tried), and Consul 1.13.9 restores it (tried)",
    });
    expect(guard("restorable", await reportOf(resource), registered)).to.include({ ok: false });
  });

  it("do not guess a version: the archive's own would always do", async () => {
    for (const seen of [{}, { health: "denied" }, { health: running("?") }, { consulVersion: "?" }] as const) {
      const restorable = guard("restorable", await reportOf(), seen);
      expect(restorable, JSON.stringify(seen)).to.include({ ok: false, overridden: false });
      expect(restorable?.message).to.include("the Consul version of the servers is unknown");
      expect(restorable?.advice).to.include("operator:read or agent:read");
    }
    const one = guard("restorable", await reportOf(), { consulVersion: "1.13.9", health: "denied" });
    expect(one?.ok).to.equal(true);
    expect(one?.message).to.include("whether all servers run that version is unchecked");
  });

  it("say the cause before its consequences, and nothing of what is unknown for its sake", async () => {
    const report = await reportOf();
    const denied = new SnapshotError("CONSUL_DENIED", "Consul does not allow the token this request", "Use another.");
    const failing = (seen: Seen) => guards(report, seen).filter(({ ok }) => !ok);
    const keysOnly = failing({ health: "denied", error: denied });
    expect(keysOnly.map(({ name }) => name)).to.deep.equal(["permission"]);
    expect(refusalOf(keysOnly, RESTORE_VOCABULARY)).to.include({ code: "CONSUL_DENIED", hint: "Use another." });
    expect(failing({ hasLeader: false }).map(({ name }) => name)).to.deep.equal(["leader"]);
    const other = failing({ error: denied, health: running("1.13.9"), datacenter: "dc2" });
    expect(other.map(({ name }) => name)).to.deep.equal(["permission", "otherDatacenter", "otherVersion"]);
    expect(failing({ health: "denied" }).map(({ name }) => name)).to.deep.equal([
      "restorable",
      "otherDatacenter",
      "otherVersion",
    ]);
  });

  it("do not blame the token where the agent or a proxy blocks a request", async () => {
    const report = await reportOf();
    const blocked = guards(report, { health: "blocked", consulVersion: "1.16.2", datacenter: "dc1" });
    expect(blocked.map(({ message }) => message).join())
      .to.include("blocks the request")
      .and.not.include("operator:read");
    const denied = guards(report, { health: "denied", consulVersion: "1.16.2", datacenter: "dc1" });
    expect(denied.map(({ message }) => message).join())
      .to.include("operator:read")
      .and.not.include("blocks");
  });

  it("want each server to be of the archive's line", async () => {
    const report = await reportOf();
    expect(guard("otherVersion", report, { health: running("1.16.2", "1.16.9") })?.ok).to.equal(true);
    const upgrading = guard("otherVersion", report, { consulVersion: "1.16.2", health: running("1.16.2", "1.15.1") });
    expect(upgrading).to.include({
      ok: false,
      message: "Consul 1.16.2 wrote the archive, and the servers run 1.16.2 and 1.15.1",
    });
  });
});
