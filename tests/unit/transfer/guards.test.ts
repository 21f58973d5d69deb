import { expect } from "chai";
import type { ClusterHealth } from "../../../provider/consul/client";
import { ArchiveReader, type ArchiveReport } from "../../../provider/archive/reader";
import { type Facts, type Guard, judge } from "../../../provider/transfer/load/guards";
import type { Manifest } from "../../../provider/transfer/manifest";
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
  readonly consulVersion?: string;
  readonly health?: ClusterHealth | "denied";
}

/** Of an archive that Consul 1.16 wrote. */
function guard(name: string, report: ArchiveReport, { consulVersion, health }: Seen): Guard | undefined {
  const manifest = {
    sha256: report.sha256,
    storedSize: report.archiveSize,
    consulVersion: "1.16.2",
    datacenter: "dc1",
  } as Manifest;
  const facts: Facts = {
    now: new Date(),
    report,
    storedSize: report.archiveSize,
    manifest,
    cluster: {
      address: "http://127.0.0.1:8500",
      serverIds: [],
      ...(consulVersion === undefined ? {} : { consulVersion }),
      sight: { leader: "10.0.0.0:8300", stable: true, ...(health === undefined ? {} : { health }) },
    },
    allow: ["otherVersion", "otherDatacenter", "unhealthyCluster", "changedSinceManifest"],
  };
  return judge(facts).find((judged) => judged.name === name);
}

describe("the guards of a restore", () => {
  const resource: StateRecord = { type: 42, value: "resource" };

  it("know the edition, which autopilot leaves out", async () => {
    const report = await reportOf({ type: 64, value: "of Enterprise" });
    const enterprise = { consulVersion: "1.16.2+ent", health: running("1.16.2", "1.16.2") };
    expect(guard("restorable", report, enterprise)).to.include({
      ok: true,
      seen: "Consul 1.16.2+ent restores every record of it",
    });
    expect(guard("otherVersion", report, enterprise)).to.include({
      seen: "Consul 1.16.2 wrote the archive, and the servers run 1.16.2+ent",
    });
    expect(guard("restorable", report, { ...enterprise, consulVersion: "1.16.2" })).to.include({ ok: false });
  });

  it("judge what can be restored by every version that runs there", async () => {
    const report = await reportOf(resource);
    expect(guard("restorable", report, { consulVersion: "1.16.2", health: running("1.16.2", "1.16.2") })).to.include({
      ok: true,
      seen: "Consul 1.16.2 restores every record of it",
    });
    const upgrading = { consulVersion: "1.16.2", health: running("1.16.2", "1.13.9") };
    expect(guard("restorable", report, upgrading)).to.include({
      ok: false,
      allowed: false,
      code: "STATE_UNKNOWN_RECORD",
      seen: "it holds a record of type Resource, which Consul knows since 1.16: 1.13.9 cannot restore it",
    });
    expect(guard("restorable", report, { health: running("1.13.9") })?.ok, "the agent's is not known").to.equal(false);
    const plain = await reportOf();
    expect(guard("restorable", plain, upgrading)?.seen).to.equal("Consul 1.16.2 and 1.13.9 restore every record of it");
  });

  it("do not guess a version: the archive's own would always do", async () => {
    for (const seen of [{}, { health: "denied" }, { health: running("?") }, { consulVersion: "?" }] as const) {
      const restorable = guard("restorable", await reportOf(), seen);
      expect(restorable, JSON.stringify(seen)).to.include({ ok: false, allowed: false });
      expect(restorable?.seen).to.include("it is not known which Consul the servers run");
      expect(restorable?.advice).to.include("operator:read or agent:read");
    }
    const one = guard("restorable", await reportOf(), { consulVersion: "1.13.9", health: "denied" });
    expect(one?.ok).to.equal(true);
    expect(one?.seen).to.include("whether all servers run that is unchecked");
  });

  it("want each server to be of the archive's line", async () => {
    const report = await reportOf();
    expect(guard("otherVersion", report, { health: running("1.16.2", "1.16.9") })?.ok).to.equal(true);
    const upgrading = guard("otherVersion", report, { consulVersion: "1.16.2", health: running("1.16.2", "1.15.1") });
    expect(upgrading).to.include({
      ok: false,
      seen: "Consul 1.16.2 wrote the archive, and the servers run 1.16.2 and 1.15.1",
    });
  });
});
