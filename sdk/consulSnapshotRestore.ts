import * as pulumi from "@pulumi/pulumi";
import type { ConsulDifference, ConsulRecords, ConsulServer, ConsulSnapshotRestoreArgs } from "./args";
import { identity, MODULE } from "./resource";
import { secretConnection, secretDecryption } from "./secrets";
import { consulSnapshotRestoreStub } from "./stub";

const TYPE = "ConsulSnapshotRestore";

/**
 * Replaces all state of a Consul cluster by that of an archive: once for each `runId`, when the resource is created or its
 * `runId` changes. Destroying it touches nothing.
 */
export class ConsulSnapshotRestore extends pulumi.dynamic.Resource {
  /**
   * `"exact"`: when it was read back, the cluster held what the archive does; `"drift"`: and what is newer than the
   * restore, or of a kind that servers write by themselves.
   */
  declare readonly outcome: pulumi.Output<"exact" | "drift">;
  /** When the restore was sent: RFC 3339, UTC. */
  declare readonly restoredAt: pulumi.Output<string>;
  /** The cluster's Raft index when it was read back. */
  declare readonly restoredIndex: pulumi.Output<number>;
  /** Consul's own id of the snapshot in the archive. */
  declare readonly snapshotId: pulumi.Output<string>;
  /** Where what was there before is kept; `undefined` without a safety snapshot. */
  declare readonly safetyLocation: pulumi.Output<string | undefined>;
  /** Where the receipt of this run is, by which it is never restored again; `undefined` without one. */
  declare readonly receipt: pulumi.Output<string | undefined>;
  /** The servers of the restored cluster. */
  declare readonly servers: pulumi.Output<ConsulServer[]>;
  /** What was read back, by type of record; the largest first. */
  declare readonly contents: pulumi.Output<ConsulRecords[]>;
  /** What was not as in the archive: none when `outcome` is `"exact"`. */
  declare readonly differences: pulumi.Output<ConsulDifference[]>;
  /** Whether this run had been restored before, which its receipt told, so that nothing was restored now. */
  declare readonly adopted: pulumi.Output<boolean>;

  /**
   * Restores `source` when the resource is created, unless this `runId` was restored before.
   *
   * @param name - the resource's name; it may be changed, the `runId` counts
   */
  constructor(name: string, args: ConsulSnapshotRestoreArgs, opts?: pulumi.CustomResourceOptions) {
    super(consulSnapshotRestoreStub, name, properties(name, args, opts), opts, MODULE, TYPE);
  }
}

/** Every output must be listed, or the SDK gives the program none. */
const OUTPUTS = {
  outcome: undefined,
  restoredAt: undefined,
  restoredIndex: undefined,
  snapshotId: undefined,
  safetyLocation: undefined,
  receipt: undefined,
  servers: undefined,
  contents: undefined,
  differences: undefined,
  adopted: undefined,
};

function properties(
  name: string,
  args: ConsulSnapshotRestoreArgs,
  opts: pulumi.CustomResourceOptions | undefined,
): pulumi.Inputs {
  const { connection, decryption, tokenAfterRestore } = args;
  return {
    ...OUTPUTS,
    ...args,
    ...(connection === undefined ? {} : { connection: secretConnection(connection) }),
    ...(decryption === undefined ? {} : { decryption: secretDecryption(decryption) }),
    ...(tokenAfterRestore === undefined ? {} : { tokenAfterRestore: pulumi.secret(tokenAfterRestore) }),
    identity: identity(TYPE, name, opts),
  };
}
