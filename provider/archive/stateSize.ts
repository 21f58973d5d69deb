/**
 * The size of `state.bin` that meta.json promises. `consul snapshot inspect` ignores it; a restore copies exactly so many
 * bytes and fails on any other number: "failed to write snapshot, size didn't match" (raft 1.3, tried with Consul 1.12 and
 * 1.13). The cluster is unchanged then.
 */

import { malformed } from "./failures";
import type { ArchiveReport } from "./reader";

/** What is wrong with the size, as one sentence without its full stop; nothing where it is right. */
export function stateSizeProblem({ meta, stateSize }: Pick<ArchiveReport, "meta" | "stateSize">): string | undefined {
  if (meta.exact.size === BigInt(stateSize)) return undefined;
  return `state.bin has ${stateSize} bytes, but meta.json says ${meta.exact.size}`;
}

/** @throws SnapshotError `ARCHIVE_MALFORMED` where the size differs */
export function checkStateSize(report: ArchiveReport): void {
  const problem = stateSizeProblem(report);
  if (problem === undefined) return;
  throw malformed(
    problem,
    "Consul would refuse to restore this archive: take the snapshot again, and check the server's log.",
  );
}
