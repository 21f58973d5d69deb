/** Manifests for tests. */
import type { Manifest } from "../../../provider/catalog/manifest";

/** @param index - the snapshot's Raft index, which shows which manifest it is */
export function manifestOf(index: number): Manifest {
  return {
    schema: 1,
    series: "organization/project/stack/name",
    purpose: "backup",
    location: "/backups/a.snap",
    snapshotId: `2-${index}-1795469451610`,
    index,
    term: 2,
    size: 100,
    version: 1,
    archiveSize: 50,
    sha256: "0".repeat(64),
    storedSize: 50,
    storedSha256: "0".repeat(64),
    takenAt: "2026-11-23T21:30:51.610Z",
    servers: [],
    contents: [],
    digests: {},
    consistency: "consistent",
    encrypted: false,
    writtenBy: "tests",
  };
}
