/** The verdict on an archive: whether it is valid, matches its manifest, and can be restored by a version of Consul. */

import type { ArchiveReport } from "../archive/reader";
import { problemsOnNewest } from "../archive/restorable";
import { parseVersion } from "../archive/version";
import { compact } from "../compact";
import { errorData } from "../errorData";
import { isInvalidArchive, SnapshotError } from "../errors";
import { factsOf, isManifestOf, restorableBy } from "./archiveFacts";
import { type Manifest, recordsIn, type Restorable } from "./manifest";

/** An archive that was read completely. */
export interface Examined {
  readonly report: ArchiveReport;
  /** Size of the stored object in bytes; it may be encrypted. */
  readonly storedSize: number;
  /** The manifest beside the archive, if there is one. */
  readonly manifest: Manifest | undefined;
}

/** The facts of an archive, with the field names of manifests. */
export interface VerifiedArchive {
  readonly snapshotId: string;
  readonly takenAt: string;
  readonly index: number;
  readonly records: number;
  /** Size of `state.bin` in bytes. */
  readonly size: number;
  /** Size of the unencrypted archive in bytes, and its SHA-256. */
  readonly archiveSize: number;
  readonly sha256: string;
  readonly encrypted: boolean;
}

export interface Verdict {
  /** The source as the user specified it, without credentials. */
  readonly source: string;
  /** Whether it is valid, matches its manifest, and is restorable if a version was specified. */
  readonly ok: boolean;
  /** Absent if the archive could not be read or decrypted, because then it is unknown. */
  readonly valid?: boolean;
  readonly archive?: VerifiedArchive;
  /** Whether the manifest beside the archive describes it; absent if there is no manifest. */
  readonly manifest?: "matches" | "differs";
  /** The verdict for the specified version. */
  readonly restorable?: Restorable;
  /** Why no version of Consul can restore it, one sentence each; absent if a version was specified. */
  readonly problems?: readonly string[];
  /** Why the archive could not be read. */
  readonly failure?: unknown;
}

/** @throws SnapshotError `ARGUMENT_INVALID` */
export function requireVersion(consulVersion: string | undefined): void {
  if (consulVersion === undefined || parseVersion(consulVersion) !== undefined) return;
  throw new SnapshotError("ARGUMENT_INVALID", `${consulVersion} is not a version of Consul`, "Write it like 1.13.9.");
}

/** @param consulVersion - check whether this version can restore it. Default: whether any version can */
export function verdictOn(
  source: string,
  { report, storedSize, manifest }: Examined,
  consulVersion: string | undefined,
): Verdict {
  const matches = manifest && isManifestOf(manifest, report, storedSize);
  const restorable = consulVersion === undefined ? undefined : restorableBy(report, consulVersion);
  return compact({
    source,
    ok: matches !== false && restorable?.ok !== false,
    valid: true,
    archive: archiveOf(report, storedSize),
    manifest: matches === undefined ? undefined : matches ? ("matches" as const) : ("differs" as const),
    restorable,
    problems: consulVersion === undefined ? problemsOnAny(report) : undefined,
  });
}

/** The verdict on an archive that could not be read. */
export function failedVerdict(source: string, failure: unknown): Verdict {
  return compact({ source, ok: false, valid: isInvalidArchive(failure) ? false : undefined, failure });
}

/** The verdict as data, in the form of docs/reference/command.md; `null` means unknown. */
export function verdictData({ source, ok, valid, archive, manifest, restorable, problems, failure }: Verdict): object {
  return compact({
    source,
    ok,
    valid: valid ?? null,
    archive,
    manifest: manifest ?? null,
    restorable,
    problems,
    error: failure === undefined ? undefined : errorData(failure),
  });
}

function archiveOf(report: ArchiveReport, storedSize: number): VerifiedArchive {
  const { snapshotId, takenAt, index, size, contents, archiveSize, sha256 } = factsOf(report, "");
  const records = recordsIn(contents);
  const encrypted = storedSize !== archiveSize;
  return { snapshotId, takenAt, index, records, size, archiveSize, sha256, encrypted };
}

/** The problems that prevent a restore on every version; the known record types depend on the version. */
function problemsOnAny(report: ArchiveReport): string[] {
  return problemsOnNewest(report).flatMap(({ code, message }) => (code === "STATE_UNKNOWN_RECORD" ? [] : [message]));
}
