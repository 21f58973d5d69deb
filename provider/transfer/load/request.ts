/** What a restore is asked to do, and what came of it. */

import type { Connection } from "../../consul/connection";
import type { Location } from "../../store/location";
import type { RecordCount, Server } from "../manifest";
import type { Decryption } from "../opening";
import type { Reporter } from "../save";
import type { Attempt } from "./attempt";

/** The guards that a user may override, each by its name. */
export const ALLOWANCES = [
  "otherDatacenter",
  "otherVersion",
  "unhealthyCluster",
  "changedSinceManifest",
  "noReceipt",
] as const;

export type Allowance = (typeof ALLOWANCES)[number];

export interface SafetySnapshot {
  /** Where what is there now is saved before it is replaced. */
  readonly target: Location;
  /** Encrypt it for these, `age1…` each. Default: do not. */
  readonly recipients?: readonly string[];
}

export interface RestoreRequest {
  /** One of these, one restore: it names the receipt. */
  readonly runId: string;
  /** The restore does not begin after this. Default: it may begin at any time. */
  readonly validUntil?: Date;
  /** The archive. */
  readonly source: Location;
  /** Of the archive as Consul made it: no other one is restored. Default: whichever lies there. */
  readonly sha256?: string;
  readonly decryption: Decryption;
  /** Of the cluster whose state is replaced. */
  readonly connection: Connection;
  /** The token that the restored cluster knows, where it is another one than the connection's. */
  readonly tokenAfterRestore?: string;
  /** `false`: what is there now is not saved. */
  readonly safetySnapshot: SafetySnapshot | false;
  readonly allow: readonly Allowance[];
  /** Who restores: fills the safety snapshot's name and names its series. */
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly name: string;
}

/** The records of one type that are not as in the archive. */
export interface Difference {
  /** As Consul names it. */
  readonly type: string;
  /** How many the archive holds, and how many the cluster. */
  readonly archived: number;
  readonly found: number;
  /** How that can be, in one sentence. */
  readonly reason: string;
}

/**
 * `exact`: the cluster holds what the archive does. `drift`: and what is newer than the restore, or is of a kind that
 * servers write by themselves.
 */
export type Outcome = "exact" | "drift";

export interface Restored {
  readonly outcome: Outcome;
  /** When the restore was sent: RFC 3339, UTC. */
  readonly restoredAt: string;
  /** The cluster's Raft index when it was read back. */
  readonly restoredIndex: number;
  /** Of the archive. */
  readonly snapshotId: string;
  /** Where what was there before is kept, if it is. */
  readonly safetySnapshot?: string;
  /** Where the receipt is, if there is one. */
  readonly receipt?: string;
  /** The servers of the restored cluster. */
  readonly servers: readonly Server[];
  /** What was read back. */
  readonly contents: readonly RecordCount[];
  /** What is not as in the archive: none when `exact`. */
  readonly differences: readonly Difference[];
  /** Whether this run found the restore done already, by its receipt, and restored nothing. */
  readonly adopted: boolean;
}

/**
 * A failure after the restore has begun: the cluster may be changed. It is never sent again; `readBack` finds out what
 * became of it.
 */
export class Unsettled extends Error {
  override readonly name = "Unsettled";

  /**
   * @param cause - a SnapshotError: what a user is told
   * @param attempt - what was begun, for `readBack`
   */
  constructor(
    override readonly cause: Error,
    readonly attempt: Attempt,
  ) {
    super(cause.message);
  }
}

/** A run of this name has begun, and whether that was on this cluster cannot be told: there is nothing to record. */
export class Unidentified extends Unsettled {}

export type { Reporter };
