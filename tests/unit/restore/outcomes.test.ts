import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import type { Attempt, SnapshotContents } from "../../../provider/restore/attempt";
import { judge } from "../../../provider/restore/outcomes";

describe("a restore of what the cluster holds already", () => {
  const contents = (index: number): SnapshotContents => ({
    snapshotId: `2-${index}-1`,
    index,
    records: { KVS: { count: 1, digest: "aa" } },
  });
  const attempt: Attempt = {
    runId: "run",
    series: "o/p/s/n",
    source: "/backups/a.snap",
    sha256: "0".repeat(64),
    archiveSize: 1000,
    begunAt: "2026-11-01T02:11:00.000Z",
    datacenter: "dc1",
    serverIds: ["one"],
    archive: contents(7),
    before: contents(7),
  };
  const error = new SnapshotError("CONSUL_DENIED", "the agent blocks this request", "Permit it.");
  const ending = { attempt, sentAll: true };

  it("was not done if Consul refused it, also if something else has raised the index", () => {
    const found = judge({ ...ending, answer: error, isRefused: true }, contents(9));
    expect(found).to.deep.equal({ holds: "before", unlessSame: [] });
  });

  it("may have been done if the connection was lost, or if Consul confirmed it", () => {
    expect(judge({ ...ending, answer: error }, contents(9)).holds).to.equal("archive");
    expect(judge({ ...ending, answer: "accepted" }, contents(9)).holds).to.equal("archive");
  });
});
