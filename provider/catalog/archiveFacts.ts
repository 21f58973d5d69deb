/** The facts that reading a whole archive shows, in the form of manifests and outputs. */

import type { ArchiveReport, SnapshotMeta } from "../archive/reader";
import { suffrageName } from "../archive/meta";
import { restorableOn, restorableOnNone, type RestoreVerdict } from "../archive/restorable";
import { safeServerId } from "../serverId";
import { cleanText } from "../text";
import type { ReadFacts, Restorable, StoredBytes } from "./manifest";

type StoredFacts = Pick<ReadFacts, "sha256" | "storedSize">;

/**
 * The facts of an archive at `location`. They are stored and shown, so the names in them are cleaned: whoever answers in
 * place of Consul chooses them.
 *
 * @param encrypted - the stored object, if the archive is encrypted. Default: not encrypted
 */
export function factsOf(report: ArchiveReport, location: string, encrypted?: StoredBytes): ReadFacts {
  const { meta } = report;
  return {
    location,
    snapshotId: cleanText(meta.id),
    index: meta.index,
    term: meta.term,
    size: meta.size,
    version: meta.version,
    archiveSize: report.archiveSize,
    sha256: report.sha256,
    storedSize: encrypted?.size ?? report.archiveSize,
    storedSha256: encrypted?.sha256 ?? report.sha256,
    takenAt: takenAt(meta).toISOString(),
    servers: meta.servers.map(({ id, address, suffrage }) => ({
      id: safeServerId(id),
      address: safeServerId(address),
      suffrage: suffrageName(suffrage),
    })),
    contents: report.state.groups.map(({ type, count, size }) => ({ type, count, size })),
    digests: Object.fromEntries(report.state.groups.map(({ type, digest }) => [type, digest])),
    encrypted: encrypted !== undefined,
  };
}

/**
 * Whether a manifest describes the archive that was read, and not one that it has replaced.
 *
 * @param storedSize - the size of the stored object, which may be encrypted
 */
export function isManifestOf(manifest: StoredFacts, report: ArchiveReport, storedSize: number): boolean {
  return manifest.sha256 === report.sha256 && manifest.storedSize === storedSize;
}

/**
 * Whether a version of Consul can restore the archive.
 *
 * @param consulVersion - `undefined` if it is unknown
 * @returns `undefined` if that is not a version. If no known version can restore the archive, always the verdict of the
 * newest.
 */
export function restorableBy(report: ArchiveReport, consulVersion: string | undefined): Restorable | undefined {
  const verdict = consulVersion === undefined ? undefined : restorableOn(report, consulVersion);
  if (verdict !== undefined && consulVersion !== undefined) return describeVerdict(consulVersion, verdict);
  const none = restorableOnNone(report);
  return none && describeVerdict(none.consulVersion, none.verdict);
}

function describeVerdict(consulVersion: string, { restorable, basis, knownBy, problems }: RestoreVerdict): Restorable {
  return { ok: restorable, consulVersion, basis, knownBy, reasons: problems.map(({ message }) => message) };
}

/** A snapshot's id is `term-index-milliseconds`; the time is that of the server's clock. */
export function takenAt(meta: SnapshotMeta): Date {
  const taken = new Date(Number(/-(\d+)$/.exec(meta.id)?.[1]));
  return Number.isNaN(taken.getTime()) ? new Date(0) : taken;
}
