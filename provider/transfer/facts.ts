/** What a read of a whole archive tells about it. */

import type { ArchiveReport, SnapshotMeta } from "../archive/reader";
import { suffrageName } from "../archive/meta";
import { restorableOn } from "../archive/restorable";
import { SnapshotError } from "../errors";
import type { ArchiveFacts, Restorable } from "./manifest";
import type { StoredBytes } from "./sealed";

/**
 * The facts of an archive that lies at `location`.
 *
 * @param encrypted - what the store holds in its place. Default: the archive as Consul made it
 */
export function factsOf(report: ArchiveReport, location: string, encrypted?: StoredBytes): ArchiveFacts {
  const { meta } = report;
  return {
    location,
    snapshotId: meta.id,
    index: meta.index,
    term: meta.term,
    size: meta.size,
    version: meta.version,
    archiveSize: report.archiveSize,
    sha256: report.sha256,
    storedSize: encrypted?.size ?? report.archiveSize,
    storedSha256: encrypted?.sha256 ?? report.sha256,
    takenAt: takenAt(meta).toISOString(),
    servers: meta.servers.map(({ id, address, suffrage }) => ({ id, address, suffrage: suffrageName(suffrage) })),
    contents: report.state.groups.map(({ type, count, size }) => ({ type, count, size })),
    digests: Object.fromEntries(report.state.groups.map(({ type, digest }) => [type, digest])),
    encrypted: encrypted !== undefined,
  };
}

/** Whether a version of Consul could restore the archive; `undefined` for what is no version. */
export function restorableBy(report: ArchiveReport, consulVersion: string): Restorable | undefined {
  const verdict = restorableOn(report, consulVersion);
  if (verdict === undefined) return undefined;
  return {
    ok: verdict.restorable,
    consulVersion,
    basis: verdict.basis,
    reasons: verdict.problems.map(({ message }) => message),
  };
}

/** A snapshot's id is `term-index-milliseconds`, by the server's own clock. */
export function takenAt(meta: SnapshotMeta): Date {
  const taken = new Date(Number(/-(\d+)$/.exec(meta.id)?.[1]));
  return Number.isNaN(taken.getTime()) ? new Date(0) : taken;
}

/**
 * Consul's own verification ignores this size, and its restore then fails on it.
 *
 * @throws SnapshotError `ARCHIVE_MALFORMED`
 */
export function checkStateSize(report: ArchiveReport): void {
  if (report.stateSize === report.meta.size) return;
  throw new SnapshotError(
    "ARCHIVE_MALFORMED",
    `state.bin has ${report.stateSize} bytes, but meta.json says ${report.meta.size}`,
    "Consul would refuse to restore this archive. Take the snapshot again, and check the server's log.",
  );
}
