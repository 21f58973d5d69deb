/** The request of a restore, and its result. */

import type { Decryption } from "../age/identities";
import type { RecordCount, Server } from "../catalog/manifest";
import type { Connection } from "../consul/connection";
import type { Owner } from "../owner";
import type { Location } from "../store/location";
import type { Attempt } from "./attempt";
import type { Allowance } from "./guards";

export type { Reporter } from "../reporter";
export type { Allowance } from "./guards";

export interface SafetySnapshot {
  /** Where the current state is saved before it is replaced. */
  readonly target: Location;
  /** Encrypt it for these recipients, each `age1…`. Default: do not encrypt. */
  readonly recipients?: readonly string[];
}

export interface RestoreRequest {
  /**
   * Each id is restored only once; the receipt's name contains it. Leading and trailing white space and the Unicode
   * form are ignored.
   */
  readonly runId: string;
  /** The restore must not begin after this time. Default: no limit. */
  readonly validUntil?: Date;
  /** The archive. */
  readonly source: Location;
  /** SHA-256 of the unencrypted archive: no other one is restored. Default: any archive at `source`. */
  readonly sha256?: string;
  /** The Raft id of a server of the only cluster that may be restored. Default: any cluster at `connection`. */
  readonly cluster?: string;
  readonly decryption: Decryption;
  /** The connection to the cluster whose state is replaced. */
  readonly connection: Connection;
  /** A token that the restored cluster knows, if it differs from the connection's token. */
  readonly tokenAfterRestore?: string;
  /** `false`: the current state is not saved. `"undecided"`: only a plan can be made. */
  readonly safetySnapshot: SafetySnapshot | "undecided" | false;
  readonly allow: readonly Allowance[];
  /** Whether the outcome `drift` is a failure, `RESTORE_UNCONFIRMED`. Default: false. */
  readonly strict?: boolean;
  /** Fills the name template of the safety snapshot, and is the name of its series. */
  readonly owner: Owner;
}

/** The records of one type that differ from the archive. */
export interface Difference {
  /** As Consul names it. */
  readonly type: string;
  /** The number of records in the archive, and in the cluster. */
  readonly archived: number;
  readonly found: number;
  /** The explanation, in one sentence. */
  readonly reason: string;
}

/**
 * `exact`: the cluster had the contents of the archive. `drift`: it had differences, and each can be explained by
 * writes after the restore, or is in a type that servers, agents or peers write by themselves. `unproved`: only a
 * receipt says that this run was restored, and the cluster does not prove it.
 */
export type Outcome = "exact" | "drift" | "unproved";

export interface Restored {
  readonly outcome: Outcome;
  /** When the restore was sent: RFC 3339, UTC. */
  readonly restoredAt: string;
  /** The cluster's Raft index when it was read back. */
  readonly restoredIndex: number;
  /** Consul's id of the restored snapshot. */
  readonly snapshotId: string;
  /** The location of the safety snapshot, if there is one. */
  readonly safetySnapshot?: string;
  /**
   * Number of Raft entries between the safety snapshot and the restore: their changes are in neither of the two.
   * `undefined` if it is unknown, or if there is no safety snapshot.
   */
  readonly unsavedChanges?: number;
  /** The location of the receipt, if there is one. */
  readonly receipt?: string;
  /** The servers of the restored cluster. */
  readonly servers: readonly Server[];
  /** The contents of the cluster when it was read back. */
  readonly contents: readonly RecordCount[];
  /** Differences from the archive; empty if the outcome is `exact`. */
  readonly differences: readonly Difference[];
  /** Whether a receipt showed that the restore was already done, so this run restored nothing. */
  readonly adopted: boolean;
}

/**
 * A failure after the restore has begun: the cluster may have changed. The archive is never sent again; reading back
 * determines the result.
 */
export class Unsettled extends Error {
  override readonly name = "Unsettled";

  /**
   * @param cause - a SnapshotError, which is shown to the user
   * @param attempt - the restore that has begun, to read back later
   */
  constructor(
    override readonly cause: Error,
    readonly attempt: Attempt,
  ) {
    super(cause.message);
  }
}

/** Consul did not confirm the restore, and the cluster has its previous contents. */
export class Unchanged extends Unsettled {}

/**
 * A run with this id has begun, but it is unknown whether that was on this cluster or with this archive. Nothing is
 * stored in state, because the receipt remains the record.
 */
export class Unidentified extends Unsettled {}
