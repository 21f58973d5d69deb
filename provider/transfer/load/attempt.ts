/** A restore that has begun: what must be known of it to find out later what became of it. It holds no secret. */

import type { ArchiveReport } from "../../archive/reader";
import type { ArchiveFacts } from "../manifest";

/** What a snapshot holds, as far as it takes to recognise it. */
export interface Holding {
  /** Consul's own id of the snapshot. */
  readonly snapshotId: string;
  /** The Raft index of the snapshot. */
  readonly index: number;
  /** By type of record: how many, and the digest of the set of them. */
  readonly records: Readonly<Record<string, { readonly count: number; readonly digest: string }>>;
}

export interface Attempt {
  readonly runId: string;
  /** Who began, for whoever reads the receipt: `organization/project/stack/name`. */
  readonly series: string;
  /** Where the archive lay, as a user would write it, and the SHA-256 of it as Consul made it. */
  readonly source: string;
  readonly sha256: string;
  /** Bytes of the archive as Consul made it. */
  readonly archiveSize: number;
  /** When the first byte was about to be sent: RFC 3339, UTC. */
  readonly begunAt: string;
  /** For whoever reads the receipt. */
  readonly datacenter: string;
  /** The ids of the cluster's servers: a restore does not change them. */
  readonly serverIds: readonly string[];
  /** What the archive holds, and what the cluster held before. */
  readonly archive: Holding;
  readonly before: Holding;
  /** Where what was there before is kept, if it is. */
  readonly safetySnapshot?: string;
  /** Tells this attempt's receipts from those of another one of the same run. */
  readonly claim?: string;
  /** Where the receipt is, if there is one, and where the other one is, if there are two. */
  readonly receipt?: string;
  readonly otherReceipt?: string;
}

export function holdingOf({ meta, state }: ArchiveReport): Holding {
  return {
    snapshotId: meta.id,
    index: meta.index,
    records: Object.fromEntries(state.groups.map(({ type, count, digest }) => [type, { count, digest }])),
  };
}

/** The same, of an archive that was just saved. */
export function holdingOfFacts({ snapshotId, index, contents, digests }: ArchiveFacts): Holding {
  return {
    snapshotId,
    index,
    records: Object.fromEntries(contents.map(({ type, count }) => [type, { count, digest: digests[type] ?? "" }])),
  };
}
