/** The arguments of the resources, as a program gives them. */

import type * as pulumi from "@pulumi/pulumi";
import type { ConnectionArgs } from "../provider/consul/connection";
import type { Allowance } from "../provider/transfer/load/request";

/** How to reach Consul; each setting falls back to stack configuration (`consul:…`), then to `CONSUL_*`. */
export type ConsulConnection = {
  readonly [Setting in keyof ConnectionArgs]: pulumi.Input<NonNullable<ConnectionArgs[Setting]>>;
};

export interface ConsulSnapshotArgs {
  /**
   * Where the archive goes: a path (relative to the program's folder), or a `file://`, `s3://`, `gs://` or
   * `azblob://` URL. A target that ends in `/` gets
   * `consul-{datacenter}-{timestamp}-{index}-{random}.snap`; any of `{datacenter}`, `{index}`, `{term}`,
   * `{timestamp}`, `{consulVersion}`, `{project}`, `{stack}`, `{name}` and `{random}` may stand in it.
   */
  readonly target: pulumi.Input<string>;

  /** Any values. When one changes, the next `pulumi up` takes a new snapshot. Default: none. */
  readonly triggers?: pulumi.Input<pulumi.Input<unknown>[]>;

  /** How to reach Consul. Default: stack configuration, then the environment, then `http://127.0.0.1:8500`. */
  readonly connection?: pulumi.Input<ConsulConnection>;

  /**
   * `"consistent"` asks the leader; `"stale"` takes any server's state, also when there is no leader.
   * Default: `"consistent"`.
   */
  readonly consistency?: pulumi.Input<"consistent" | "stale">;

  /** Refuse a stale snapshot from a server that heard from its leader longer ago, such as `"30s"`. Default: warn only. */
  readonly maxStaleness?: pulumi.Input<string>;

  /** Replace an archive of the same name. Default: `false`, fail instead. */
  readonly overwrite?: pulumi.Input<boolean>;

  /**
   * What becomes of the archive when the resource is destroyed or replaced: `"retain"` keeps it, `"delete"` deletes it
   * if it is still the one that was saved. Default: `"retain"`.
   */
  readonly deletionPolicy?: pulumi.Input<"retain" | "delete">;

  /**
   * How old the last snapshot may be, such as `"20h"`: when it is older, the next `pulumi up` takes a new one.
   * Default: any age.
   */
  readonly maxAge?: pulumi.Input<string>;

  /** Which older archives of this resource to keep after each save. Default: all. */
  readonly retention?: pulumi.Input<ConsulRetention>;

  /** Let `pulumi refresh` read the whole archive and compare it with what was saved. Default: `false`, only look. */
  readonly verifyOnRefresh?: pulumi.Input<boolean>;

  /** Encrypt the archive, in the age format, before it leaves; its name then ends in `.age`. Default: do not. */
  readonly encryption?: pulumi.Input<ConsulEncryption>;

  /** Count keys by prefix, for the output `kv`. Default: do not. */
  readonly inspect?: pulumi.Input<ConsulInspect>;
}

export interface ConsulSnapshotRestoreArgs {
  /** Names this restore: one runId, one restore, whatever becomes of state. Only a new one restores again. */
  readonly runId: pulumi.Input<string>;

  /** The restore does not begin after this: a time with its zone, such as `"2026-11-24T00:00:00Z"`. */
  readonly validUntil: pulumi.Input<string>;

  /** The archive: its path (relative to the program's folder), or its `file://`, `s3://`, `gs://` or `azblob://` URL. */
  readonly source: pulumi.Input<string>;

  /** Where what is replaced is saved first; `false`: it is lost. */
  readonly safetySnapshot: pulumi.Input<ConsulSafetySnapshot | false>;

  /**
   * The Consul whose state is replaced, and how to reach it. Default: stack configuration, then the environment, then
   * `http://127.0.0.1:8500`.
   */
  readonly connection?: pulumi.Input<ConsulConnection>;

  /** What opens the archive, if it is encrypted. */
  readonly decryption?: pulumi.Input<ConsulDecryption>;

  /**
   * A token that the restored cluster knows, to look at it with; secret. Default: that of `connection`, which another
   * cluster's archive does not hold.
   */
  readonly tokenAfterRestore?: pulumi.Input<string>;

  /** The guards that may be passed by: each refusal names its own. Default: none. */
  readonly allow?: pulumi.Input<pulumi.Input<ConsulAllowance>[]>;
}

/** A guard of a restore that may be passed by, by the name that its refusal gives. */
export type ConsulAllowance = Allowance;

/** Where what a restore replaces is saved. */
export interface ConsulSafetySnapshot {
  /** As that of a ConsulSnapshot: a path or a URL, with a name that changes. */
  readonly target: pulumi.Input<string>;
  /** Encrypt it, in the age format; its name then ends in `.age`. Default: do not. */
  readonly encryption?: pulumi.Input<ConsulEncryption>;
}

/** The records of one type that are not as in the archive. */
export interface ConsulDifference {
  /** As Consul names it, such as `KVS`. */
  readonly type: string;
  /** How many the archive holds. */
  readonly archived: number;
  /** How many the cluster held when it was read back. */
  readonly found: number;
  /** How that can be, in one sentence. */
  readonly reason: string;
}

/** An archive stays if any rule keeps it: the newest of each of so many hours, days and so on, in UTC. */
export interface ConsulRetention {
  /** The newest so many. Default: no such rule. */
  readonly keepLast?: pulumi.Input<number>;
  /** All that are older than the newest by less than this, such as `"48h"`. Default: no such rule. */
  readonly keepWithin?: pulumi.Input<string>;
  /** The newest of each of the last so many hours that have an archive. Default: no such rule. */
  readonly keepHourly?: pulumi.Input<number>;
  /** The newest of each of the last so many days that have an archive. Default: no such rule. */
  readonly keepDaily?: pulumi.Input<number>;
  /** The newest of each of the last so many weeks (ISO 8601) that have an archive. Default: no such rule. */
  readonly keepWeekly?: pulumi.Input<number>;
  /** The newest of each of the last so many months that have an archive. Default: no such rule. */
  readonly keepMonthly?: pulumi.Input<number>;
  /** The newest of each of the last so many years that have an archive. Default: no such rule. */
  readonly keepYearly?: pulumi.Input<number>;
}

/** For whom an archive is encrypted, in the age format. */
export interface ConsulEncryption {
  /** Public keys as `age-keygen` prints them, `age1…`: the identity of any one of them opens the archive. */
  readonly recipients: pulumi.Input<pulumi.Input<string>[]>;
}

/** What opens an encrypted archive: the identity of any one of its recipients. */
export interface ConsulDecryption {
  /** `AGE-SECRET-KEY-1…` each. Secret, marked so or not; prefer files, which need never enter state. */
  readonly identities?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Files of identities, as `age-keygen` writes them. Default, when no identity is given either: the one that the
   * environment variable `CONSUL_SNAPSHOT_AGE_IDENTITY_FILE` names.
   */
  readonly identityFiles?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Which keys to count, and by what. */
export interface ConsulInspect {
  /** How many segments of a key, parted by `/`, make a prefix. Default: 2. */
  readonly kvDepth?: pulumi.Input<number>;
  /** Count only keys that begin with this. Default: all. */
  readonly kvFilter?: pulumi.Input<string>;
}

/** The records of one type in a snapshot. */
export interface ConsulRecords {
  /** As Consul names it, such as `KVS`. */
  readonly type: string;
  /** How many there are. */
  readonly count: number;
  /** Bytes, as `consul snapshot inspect` counts them. */
  readonly size: number;
}

/** Whether the Consul that a snapshot came from could restore it. */
export interface ConsulRestorable {
  /** Whether it could. */
  readonly ok: boolean;
  /** The version that this is about: that of the servers when the snapshot was taken. */
  readonly consulVersion: string;
  /** Whether that version was tried with real servers, or its source read, or that of the nearest version. */
  readonly basis: "tried" | "source" | "nearest";
  /** Why not, a sentence each. */
  readonly reasons: string[];
}

/** Keys by prefix, the largest first. */
export interface ConsulKeys {
  /** At most 500; `size` is the bytes of their records. */
  readonly prefixes: { readonly prefix: string; readonly count: number; readonly size: number }[];
  /** The keys of all other prefixes, when there are more than 500. */
  readonly rest: { readonly count: number; readonly size: number };
}

/** A server of the cluster, as the archive's Raft configuration lists it. */
export interface ConsulServer {
  /** Its Raft id, which stays when its address changes. */
  readonly id: string;
  /** `host:port` of its server RPC, not of its HTTP API. */
  readonly address: string;
  /** What it may do in Raft: `voter`, `nonvoter` or `staging`. */
  readonly suffrage: string;
}
