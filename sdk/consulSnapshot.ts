import * as pulumi from "@pulumi/pulumi";
import type {
  ConsulDecryption,
  ConsulKeys,
  ConsulRecords,
  ConsulRestorable,
  ConsulServer,
  ConsulSnapshotArgs,
} from "./args";
import { identity, MODULE } from "./resource";
import { secretConnection, secretDecryption } from "./secrets";
import { consulSnapshotStub } from "./stub";

const TYPE = "ConsulSnapshot";

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
   * Takes a snapshot when the resource is created, and a new one when `triggers`, the place named by `target`, or the
   * cluster named by `connection` changes.
   *
   * @param name - the resource's name; part of the series that its archives belong to
   */
  constructor(name: string, args: ConsulSnapshotArgs, opts?: pulumi.CustomResourceOptions) {
    super(consulSnapshotStub, name, properties(name, args, opts), opts, MODULE, TYPE);
  }

  /**
   * Looks up an archive that already exists; it is an error if it does not. Nothing is ever deleted or replaced by it.
   *
   * @param location - as the `location` of another `ConsulSnapshot` gives it: a path, or a URL
   */
  static get(name: string, location: pulumi.Input<pulumi.ID>, opts: ConsulSnapshotGetOptions = {}): ConsulSnapshot {
    const { decryption, ...others } = opts;
    return new ConsulSnapshot(name, lookedUp(decryption), { ...others, id: location });
  }
}

export interface ConsulSnapshotGetOptions extends pulumi.CustomResourceOptions {
  /** What opens the archive, if it is encrypted and its manifest is gone. Default: what the environment names. */
  readonly decryption?: pulumi.Input<ConsulDecryption>;
}

/** An archive that is looked up has none of the arguments of one that is taken: its location is its id. */
function lookedUp(decryption: pulumi.Input<ConsulDecryption> | undefined): ConsulSnapshotArgs {
  const given = decryption === undefined ? {} : { decryption: secretDecryption(decryption) };
  return given as unknown as ConsulSnapshotArgs;
}

/** Every output must be listed, or the SDK gives the program none. */
const OUTPUTS = {
  index: undefined,
  term: undefined,
  size: undefined,
  version: undefined,
  snapshotId: undefined,
  location: undefined,
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
    ...args,
    ...(args.connection === undefined ? {} : { connection: secretConnection(args.connection) }),
    identity: identity(TYPE, name, opts),
  };
}
