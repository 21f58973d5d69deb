/** A restore that has begun: everything that a later run needs to determine its result. It contains no secrets. */

import type { ArchiveReport } from "../archive/reader";
import type { ArchiveFacts } from "../catalog/manifest";
import { cleanText } from "../text";

/** The contents of a snapshot, in enough detail to recognize it. */
export interface SnapshotContents {
  /** Consul's own id of the snapshot. */
  readonly snapshotId: string;
  /** The Raft index of the snapshot. */
  readonly index: number;
  /** By record type: the number of records, and the digest of the set. */
  readonly records: Readonly<Record<string, { readonly count: number; readonly digest: string }>>;
}

/** Receipts and state of earlier versions contain these names: do not change them. */
export interface Attempt {
  readonly runId: string;
  /** The owner of the restore, for people who read the receipt: `organization/project/stack/name`. */
  readonly series: string;
  /** The archive's location, as a user would write it, and the SHA-256 of the unencrypted archive. */
  readonly source: string;
  readonly sha256: string;
  /** Size of the unencrypted archive in bytes. */
  readonly archiveSize: number;
  /** The time just before the first byte was sent: RFC 3339, UTC. */
  readonly begunAt: string;
  /** For people who read the receipt. */
  readonly datacenter: string;
  /** The safe Raft ids of the cluster's servers: a restore does not change them. */
  readonly serverIds: readonly string[];
  /** The contents of the archive, and of the cluster before the restore. */
  readonly archive: SnapshotContents;
  readonly before: SnapshotContents;
  /** The location of the safety snapshot, if there is one. */
  readonly safetySnapshot?: string;
  /** Distinguishes the receipts of this attempt from those of another attempt of the same run. */
  readonly claim?: string;
  /** The location of the receipt, if there is one, and of the second one, if there are two. */
  readonly receipt?: string;
  readonly otherReceipt?: string;
  /**
   * Whether this was read from a receipt, which others can forge: nothing in it is opened, or printed as a command.
   * Default: false.
   */
  readonly fromReceipt?: boolean;
}

export function contentsOf({ meta, state }: ArchiveReport): SnapshotContents {
  return {
    snapshotId: cleanText(meta.id),
    index: meta.index,
    records: Object.fromEntries(state.groups.map(({ type, count, digest }) => [type, { count, digest }])),
  };
}

/** The same for an archive that was just saved. */
export function contentsOfFacts({ snapshotId, index, contents, digests }: ArchiveFacts): SnapshotContents {
  return {
    snapshotId,
    index,
    records: Object.fromEntries(contents.map(({ type, count }) => [type, { count, digest: digests[type] ?? "" }])),
  };
}
