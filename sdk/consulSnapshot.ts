import * as pulumi from "@pulumi/pulumi";
import type {
  ConsulDecryption,
  ConsulKeys,
  ConsulRecords,
  ConsulRestorable,
  ConsulServer,
  ConsulSnapshotArgs,
} from "./args";
import { checkOptions, hideIdentity, identity, MODULE, withTransformedChecked } from "./resource";
import { checkRuntime } from "./runtimeCheck";
import { withSecrets } from "./secrets";
import { consulSnapshotStub } from "./stub";
import { storableTriggers } from "./triggers";

const TYPE = "ConsulSnapshot";
const INSTEAD_OF_IMPORT = "use ConsulSnapshot.get(name, location)";

/** A verified snapshot of a Consul cluster, taken when the resource is created and kept at `target`. */
export class ConsulSnapshot extends pulumi.dynamic.Resource {
  /** The Raft index of the snapshot. */
  declare readonly index: pulumi.Output<number>;
  /** The Raft term of the snapshot. */
  declare readonly term: pulumi.Output<number>;
  /** Bytes of the snapshot's state, uncompressed, as `consul snapshot inspect` prints. */
  declare readonly size: pulumi.Output<number>;
  /** Version of the archive's format. */
  declare readonly version: pulumi.Output<number>;
  /** Consul's own id of the snapshot: `term-index-milliseconds`. */
  declare readonly snapshotId: pulumi.Output<string>;
  /** Where the archive is: an absolute path, or a URL. */
  declare readonly location: pulumi.Output<string>;
  /**
   * `location` without the settings behind its `?`, as `aws s3 cp` and `gcloud storage cp` take it; `undefined` for a
   * snapshot that an older version has saved.
   */
  declare readonly url: pulumi.Output<string | undefined>;
  /** Bytes of the archive as Consul made it. */
  declare readonly archiveSize: pulumi.Output<number>;
  /** SHA-256 of the archive as Consul made it, in hexadecimal. */
  declare readonly sha256: pulumi.Output<string>;
  /** Bytes of the object at `location`. */
  declare readonly storedSize: pulumi.Output<number>;
  /** SHA-256 of the object at `location`, in hexadecimal. */
  declare readonly storedSha256: pulumi.Output<string>;
  /** When the server took the snapshot: RFC 3339, UTC. */
  declare readonly takenAt: pulumi.Output<string>;
  /** Consul's datacenter; `undefined` when the token may not read it. */
  declare readonly datacenter: pulumi.Output<string | undefined>;
  /** The server's version of Consul; `undefined` when the token may not read it. */
  declare readonly consulVersion: pulumi.Output<string | undefined>;
  /** The servers of the cluster when the snapshot was taken. */
  declare readonly servers: pulumi.Output<ConsulServer[]>;
  /** Whether the server that answered knew a leader; `undefined` for an archive that was looked up. */
  declare readonly knownLeader: pulumi.Output<boolean | undefined>;
  /** How long ago, in milliseconds, that server had heard from the leader; 0 for the leader itself. */
  declare readonly lastContact: pulumi.Output<number | undefined>;
  /** What is in the snapshot, by type of record; the largest first. */
  declare readonly contents: pulumi.Output<ConsulRecords[]>;
  /** Whether the Consul that it came from could restore it; `undefined` when that version is unknown. */
  declare readonly restorable: pulumi.Output<ConsulRestorable | undefined>;
  /** Keys by prefix, when `inspect` asked for them. */
  declare readonly kv: pulumi.Output<ConsulKeys | undefined>;
  /** With `retention`: how many archives of this resource there were after the save, this one among them. */
  declare readonly kept: pulumi.Output<number | undefined>;
  /** With `retention`: how many the save removed. */
  declare readonly removed: pulumi.Output<number | undefined>;
  /** Whether the object at `location` is encrypted. */
  declare readonly encrypted: pulumi.Output<boolean>;

  /**
   * Takes a snapshot when the resource is created, and a new one when `triggers`, the place that `target` specifies, or the
   * cluster that `connection` specifies changes.
   *
   * @param name - the resource's name; part of the series that its archives belong to
   */
  constructor(name: string, args: ConsulSnapshotArgs, opts?: pulumi.CustomResourceOptions) {
    checkOptions(name, opts, args.deletionPolicy, INSTEAD_OF_IMPORT);
    checkRuntime();
    const checked = withTransformedChecked(name, opts, INSTEAD_OF_IMPORT);
    super(consulSnapshotStub, name, properties(name, args, opts), checked, MODULE, TYPE);
    hideIdentity(this);
  }

  /**
   * Looks up an archive that already exists; fails if it does not. The resource never deletes or replaces an archive.
   *
   * @param location - a path or a URL, such as the output `location` of another `ConsulSnapshot`
   * @param state - what decrypts the archive, if the environment does not specify it. The options may be passed in its place
   */
  static get(
    name: string,
    location: pulumi.Input<pulumi.ID>,
    state: ConsulSnapshotState | ConsulSnapshotGetOptions = {},
    opts: pulumi.CustomResourceOptions = {},
  ): ConsulSnapshot {
    const { decryption, ...others } = state as ConsulSnapshotGetOptions;
    return new ConsulSnapshot(name, lookedUp(decryption), { ...others, ...opts, id: location });
  }
}

/** What a lookup specifies besides the location of the archive. */
export interface ConsulSnapshotState {
  /** What decrypts the archive, if it is encrypted and its manifest is missing. Default: from the environment. */
  readonly decryption?: pulumi.Input<ConsulDecryption>;
}

export interface ConsulSnapshotGetOptions extends pulumi.CustomResourceOptions, ConsulSnapshotState {}

/** A lookup has none of the arguments of a new snapshot: its location is the resource's id. */
function lookedUp(decryption: pulumi.Input<ConsulDecryption> | undefined): ConsulSnapshotArgs {
  return (decryption === undefined ? {} : { decryption }) as unknown as ConsulSnapshotArgs;
}

/**
 * Every output must be listed here; otherwise, Pulumi's SDK does not create a property for it. `npm run docs` writes this list,
 * and the properties of the class, from `provider/args/tables/outputs.ts`.
 */
const OUTPUTS = {
  index: undefined,
  term: undefined,
  size: undefined,
  version: undefined,
  snapshotId: undefined,
  location: undefined,
  url: undefined,
  archiveSize: undefined,
  sha256: undefined,
  storedSize: undefined,
  storedSha256: undefined,
  takenAt: undefined,
  datacenter: undefined,
  consulVersion: undefined,
  servers: undefined,
  knownLeader: undefined,
  lastContact: undefined,
  contents: undefined,
  restorable: undefined,
  kv: undefined,
  kept: undefined,
  removed: undefined,
  encrypted: undefined,
};

function properties(
  name: string,
  args: ConsulSnapshotArgs,
  opts: pulumi.CustomResourceOptions | undefined,
): pulumi.Inputs {
  return {
    ...OUTPUTS,
    ...withSecrets(args),
    ...(args.triggers === undefined ? {} : { triggers: storableTriggers(name, args.triggers) }),
    identity: identity(TYPE, name, opts),
  };
}
