import * as pulumi from "@pulumi/pulumi";
import type { ConsulArchive, ConsulDifference, ConsulRecords, ConsulServer, ConsulSnapshotRestoreArgs } from "./args";
import { checkImport, hideIdentity, identity, MODULE } from "./resource";
import { checkRuntime } from "./runtimeCheck";
import { withSecrets } from "./secrets";
import { consulSnapshotRestoreStub } from "./stub";

const TYPE = "ConsulSnapshotRestore";

/**
 * Replaces the whole state of a Consul cluster with that of an archive: once for each `runId`, when the resource is created or
 * its `runId` changes. Destroying the resource changes nothing in Consul.
 */
export class ConsulSnapshotRestore extends pulumi.dynamic.Resource {
  /**
   * `"exact"`: when it was read back, the cluster held what the archive holds; `"drift"`: it held something else, and
   * each of the `differences` can be explained by writes after the restore, or is of a type that servers write by
   * themselves; `"unproved"`: only a receipt says that this run was restored before, and the cluster does not prove it.
   */
  declare readonly outcome: pulumi.Output<"exact" | "drift" | "unproved">;
  /** When the restore was sent: RFC 3339, UTC. */
  declare readonly restoredAt: pulumi.Output<string>;
  /** The cluster's Raft index when it was read back. */
  declare readonly restoredIndex: pulumi.Output<number>;
  /** Consul's own id of the snapshot in the archive. */
  declare readonly snapshotId: pulumi.Output<string>;
  /** Where the state before the restore is saved; `undefined` without a safety snapshot. */
  declare readonly safetyLocation: pulumi.Output<string | undefined>;
  /**
   * How many Raft entries were written between the safety snapshot and the restore, and are in neither; `undefined`
   * where that is unknown.
   */
  declare readonly unsavedChanges: pulumi.Output<number | undefined>;
  /** Where the receipt of this run is, by which it is never restored again; `undefined` without one. */
  declare readonly receipt: pulumi.Output<string | undefined>;
  /** The servers of the restored cluster. */
  declare readonly servers: pulumi.Output<ConsulServer[]>;
  /** What was read back, by type of record; the largest first. */
  declare readonly contents: pulumi.Output<ConsulRecords[]>;
  /** What was not as in the archive: none when `outcome` is `"exact"`. */
  declare readonly differences: pulumi.Output<ConsulDifference[]>;
  /** Whether this run had begun before, according to its receipt, so nothing was restored now. */
  declare readonly adopted: pulumi.Output<boolean>;

  /**
   * Restores `source` when the resource is created, unless this `runId` was restored before.
   *
   * @param name - the resource's name; renaming the resource does not restore again, only a new `runId` does
   */
  constructor(name: string, args: ConsulSnapshotRestoreArgs, opts?: pulumi.CustomResourceOptions) {
    checkImport(name, opts, "a restore whose runId is done finds its receipt by itself");
    checkRuntime();
    super(consulSnapshotRestoreStub, name, properties(name, args, opts), opts, MODULE, TYPE);
    hideIdentity(this);
  }
}

/**
 * Every output must be listed here; otherwise, Pulumi's SDK does not create a property for it. `npm run docs` writes this list,
 * and the properties of the class, from `provider/args/tables/outputs.ts`.
 */
const OUTPUTS = {
  outcome: undefined,
  restoredAt: undefined,
  restoredIndex: undefined,
  snapshotId: undefined,
  safetyLocation: undefined,
  unsavedChanges: undefined,
  receipt: undefined,
  servers: undefined,
  contents: undefined,
  differences: undefined,
  adopted: undefined,
};

/** An archive that is passed as a resource is restored only if it is the one that was saved. */
function archiveOf({ source, sha256 }: ConsulSnapshotRestoreArgs): pulumi.Inputs {
  if (!pulumi.Resource.isInstance(source)) return { source };
  const archive = source as ConsulArchive;
  return { source: archive.location, sha256: sha256 ?? archive.sha256 };
}

function properties(
  name: string,
  args: ConsulSnapshotRestoreArgs,
  opts: pulumi.CustomResourceOptions | undefined,
): pulumi.Inputs {
  return {
    ...OUTPUTS,
    ...withSecrets(args),
    ...archiveOf(args),
    identity: identity(TYPE, name, opts),
  };
}
