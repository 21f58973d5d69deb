/**
 * The arguments of the resources, as a program writes them, and the objects among their outputs. The members of both are
 * those of the tables in `provider/args/tables/`, from which `npm run docs` writes them: edit the tables.
 */

import type * as pulumi from "@pulumi/pulumi";
import type { Allowance } from "../provider/restore/guards";

/** How to reach Consul. Each setting is taken from here, then from stack configuration (`consul:…`), then from `CONSUL_*`. */
export interface ConsulConnectionArgs {
  /**
   * `host:port`, a URL (`https://consul.example/prefix`), or `unix:///path`. As in every URL, a host without a port
   * means 80, or 443 for https. `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are honored as the `consul` command honors
   * them. Environment: `CONSUL_HTTP_ADDR`. Default: `"127.0.0.1:8500"`.
   */
  readonly address?: pulumi.Input<string>;

  /**
   * The protocol of Consul's HTTP API. Environment: `CONSUL_HTTP_SSL=true`. Default: that of the address, else
   * `"http"`.
   */
  readonly scheme?: pulumi.Input<"http" | "https">;

  /**
   * An ACL token; a snapshot needs the rule `acl = "write"`. Secret. Environment: `CONSUL_HTTP_TOKEN`. Default: none.
   */
  readonly token?: pulumi.Input<string>;

  /**
   * A file that contains the token; takes precedence over `token`. Environment: `CONSUL_HTTP_TOKEN_FILE`. Default:
   * none.
   */
  readonly tokenFile?: pulumi.Input<string>;

  /** The datacenter to ask. Default: that of the agent. */
  readonly datacenter?: pulumi.Input<string>;

  /**
   * Basic authentication for a proxy in front of Consul, `user` or `user:password`. Secret. Environment:
   * `CONSUL_HTTP_AUTH`. Default: none.
   */
  readonly httpAuth?: pulumi.Input<string>;

  /**
   * The authorities that may have signed the server's certificate, a PEM file. Environment: `CONSUL_CACERT`. Default:
   * the authorities of Node.js.
   */
  readonly caFile?: pulumi.Input<string>;

  /** The authorities as PEM text, in place of `caFile`. Default: none. */
  readonly caPem?: pulumi.Input<string>;

  /** The authorities as a folder of PEM files, in place of `caFile`. Environment: `CONSUL_CAPATH`. Default: none. */
  readonly caPath?: pulumi.Input<string>;

  /** The client's certificate, a PEM file; needs a key. Environment: `CONSUL_CLIENT_CERT`. Default: none. */
  readonly certFile?: pulumi.Input<string>;

  /** The client's certificate as PEM text, in place of `certFile`. Secret. Default: none. */
  readonly certPem?: pulumi.Input<string>;

  /** The client's private key, a PEM file without a passphrase. Environment: `CONSUL_CLIENT_KEY`. Default: none. */
  readonly keyFile?: pulumi.Input<string>;

  /** The client's private key as PEM text, in place of `keyFile`. Secret. Default: none. */
  readonly keyPem?: pulumi.Input<string>;

  /** The name to expect in the server's certificate. Environment: `CONSUL_TLS_SERVER_NAME`. Default: the host. */
  readonly tlsServerName?: pulumi.Input<string>;

  /** Accept any certificate. Environment: `CONSUL_HTTP_SSL_VERIFY=false`. Default: `false`. */
  readonly insecureHttps?: pulumi.Input<boolean>;

  /**
   * Additional request headers, such as a proxy in front of Consul requires. Headers that this package sends itself
   * (`X-Consul-Token`, `Host`, …) are refused. In stack configuration, JSON of the same form. Secret. Default: none.
   */
  readonly headers?: pulumi.Input<pulumi.Input<ConsulHeaderArgs>[]>;

  /** The namespace; Consul Enterprise only. Environment: `CONSUL_NAMESPACE`. Default: none. */
  readonly namespace?: pulumi.Input<string>;

  /** The admin partition; Consul Enterprise only. Environment: `CONSUL_PARTITION`. Default: none. */
  readonly partition?: pulumi.Input<string>;

  /**
   * The configuration namespace to read, for programs with several clusters: with `east`, the settings are
   * `east:address`, `east:token`, …. Environment variables then do not apply: `CONSUL_*` describes one cluster, and its
   * token must not reach another. So the address is required, as an argument or as `east:address`. Default: `"consul"`.
   */
  readonly config?: pulumi.Input<string>;

  /** How long connecting may take. Default: `"30s"`. */
  readonly connectTimeout?: pulumi.Input<string | number>;

  /**
   * How long the server may take to send its first byte; Consul compresses the whole snapshot before that. Default:
   * `"30m"`.
   */
  readonly firstByteTimeout?: pulumi.Input<string | number>;

  /**
   * How long the server may be silent between bytes, and over what time it must send at least 1 kB/s. Slow consumers do
   * not trigger it. Default: `"2m"`.
   */
  readonly idleTimeout?: pulumi.Input<string | number>;
}

/** A header that is sent to Consul, or to a proxy in front of it. */
export interface ConsulHeaderArgs {
  /** The header's name. */
  readonly name: pulumi.Input<string>;

  /** The header's value. Secret. */
  readonly value: pulumi.Input<string>;
}

/** What to save, and where. */
export interface ConsulSnapshotArgs {
  /**
   * Where archives go: a path (relative to the program's folder), or a `file://`, `s3://`, `gs://` or `azblob://` URL.
   * A target that ends in `/` gets `consul-{datacenter}-{timestamp}-{index}-{random}.snap`; any of `{datacenter}`,
   * `{index}`, `{term}`, `{timestamp}`, `{nanoseconds}`, `{consulVersion}`, `{project}`, `{stack}`, `{name}` and
   * `{random}` may stand in it.
   */
  readonly target: pulumi.Input<string>;

  /** Any values. When one changes, the next `pulumi up` takes a new snapshot. They are never printed. Default: none. */
  readonly triggers?: pulumi.Input<pulumi.Input<unknown>[]>;

  /** How to reach Consul. Default: stack configuration, then the environment, then `http://127.0.0.1:8500`. */
  readonly connection?: pulumi.Input<ConsulConnectionArgs>;

  /**
   * `"consistent"` asks the leader; `"stale"` takes any server's state, even without a leader. Default: `"consistent"`.
   */
  readonly consistency?: pulumi.Input<"consistent" | "stale">;

  /**
   * Refuse a stale snapshot from a server that heard from its leader longer ago than this, such as `"30s"`. Default:
   * warn only.
   */
  readonly maxStaleness?: pulumi.Input<string>;

  /**
   * Replace an archive of the same name instead of failing. One that Consul can restore is replaced only by such a one.
   * Default: `false`.
   */
  readonly overwrite?: pulumi.Input<boolean>;

  /**
   * What happens to the archive when the resource is destroyed or replaced: `"retain"` keeps it, `"delete"` deletes it
   * if it is still the one that was saved; a bucket that keeps versions grows all the same. Default: `"retain"`.
   */
  readonly deletionPolicy?: pulumi.Input<"retain" | "delete">;

  /**
   * Take a new snapshot with the next `pulumi up` if the last one is older than this, such as `"20h"`. Default: no age
   * limit.
   */
  readonly maxAge?: pulumi.Input<string>;

  /** Which older archives of this resource to keep after each save. Default: keep all. */
  readonly retention?: pulumi.Input<ConsulRetentionArgs>;

  /**
   * Let `pulumi refresh` read the whole archive and compare it with what was saved, instead of only looking at it.
   * Default: `false`.
   */
  readonly verifyOnRefresh?: pulumi.Input<boolean>;

  /** Encrypt the archive, in the age format, before it leaves; its name then ends in `.age`. Default: none. */
  readonly encryption?: pulumi.Input<ConsulEncryptionArgs>;

  /**
   * The series that its archives belong to, whose older ones `retention` removes. Pin it before you rename the
   * resource, the stack or the project. Default: `organization/project/stack/name`.
   */
  readonly series?: pulumi.Input<string>;

  /** Count keys by prefix, for the output `kv`. Default: none. */
  readonly inspect?: pulumi.Input<ConsulInspectArgs>;
}

/** What to restore, once. */
export interface ConsulSnapshotRestoreArgs {
  /**
   * The name of this restore. **One runId restores once**, whatever happens to state; only a new one restores again.
   */
  readonly runId: pulumi.Input<string>;

  /** The restore does not begin after this: a time with its zone (RFC 3339), such as `"2026-11-24T00:00:00Z"`. */
  readonly validUntil: pulumi.Input<string>;

  /**
   * The archive: its path (relative to the program's folder), its `file://`, `s3://`, `gs://` or `azblob://` URL, or
   * the `ConsulSnapshot` that saved it: then only the archive that it saved is restored.
   */
  readonly source: pulumi.Input<string> | ConsulArchive;

  /** Where the current state is saved first. With `false` it is lost. */
  readonly safetySnapshot: pulumi.Input<ConsulSafetySnapshotArgs | false>;

  /**
   * The Consul whose state is replaced, and how to reach it. Default: stack configuration, then the environment, then
   * `http://127.0.0.1:8500`.
   */
  readonly connection?: pulumi.Input<ConsulConnectionArgs>;

  /** What decrypts the archive, if it is encrypted. Default: the file in `CONSUL_SNAPSHOT_AGE_IDENTITY_FILE`. */
  readonly decryption?: pulumi.Input<ConsulDecryptionArgs>;

  /**
   * A token that the restored cluster knows, to read it back with. Secret. Default: the token of `connection`, which
   * another cluster's archive does not contain.
   */
  readonly tokenAfterRestore?: pulumi.Input<string>;

  /** The guards to override, each by the name in its refusal. Default: none. */
  readonly allow?: pulumi.Input<pulumi.Input<ConsulAllowance>[]>;

  /**
   * The SHA-256 of the only archive that may be restored, as Consul made it. A manifest lies beside its archive, and
   * write access to one is write access to both: this detects a replaced pair. Default: that of a `ConsulSnapshot`
   * passed as `source`, else any archive.
   */
  readonly sha256?: pulumi.Input<string>;

  /**
   * The Raft id of a server of the only cluster that may be restored, as a plan shows it (`serverIds`). An address that
   * has moved to another cluster since then is refused. Default: any cluster that `connection` leads to.
   */
  readonly cluster?: pulumi.Input<string>;

  /** Fail with `RESTORE_UNCONFIRMED` where the outcome is `drift`. Default: `false`. */
  readonly strict?: pulumi.Input<boolean>;
}

/** A saved archive, such as a `ConsulSnapshot`. */
export interface ConsulArchive {
  readonly location: pulumi.Output<string>;
  readonly sha256: pulumi.Output<string>;
}

/** A guard of a restore that can be overridden, by the name in its refusal. */
export type ConsulAllowance = Allowance;

/** Where what a restore replaces is saved. */
export interface ConsulSafetySnapshotArgs {
  /** As that of a `ConsulSnapshot`: a path or a URL, with a name that changes. */
  readonly target: pulumi.Input<string>;

  /** Encrypt it, in the age format; its name then ends in `.age`. Default: none. */
  readonly encryption?: pulumi.Input<ConsulEncryptionArgs>;
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
export interface ConsulRetentionArgs {
  /** The newest so many. Default: no such rule. */
  readonly keepLast?: pulumi.Input<number>;

  /** All that are younger than the newest by less than this, such as `"48h"`. Default: no such rule. */
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

/** Who can decrypt an archive. */
export interface ConsulEncryptionArgs {
  /** Public keys as `age-keygen` prints them, `age1…`: the identity of any one of them decrypts the archive. */
  readonly recipients: pulumi.Input<pulumi.Input<string>[]>;
}

/** What decrypts an archive: the identity of any one of its recipients. */
export interface ConsulDecryptionArgs {
  /** Identities, `AGE-SECRET-KEY-1…` each; prefer files, whose content never enters state. Secret. Default: none. */
  readonly identities?: pulumi.Input<pulumi.Input<string>[]>;

  /**
   * Files of identities, as `age-keygen` writes them. The variable, which names one file, applies only without
   * `identities`. Environment: `CONSUL_SNAPSHOT_AGE_IDENTITY_FILE`. Default: none.
   */
  readonly identityFiles?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Which keys to count, and by what. */
export interface ConsulInspectArgs {
  /** How many segments of a key, separated by `/`, make a prefix. Default: `2`. */
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
  /** The same in words, such as `nearest version known: 1.22`. Absent in earlier versions' outputs. */
  readonly knownBy?: string;
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

/** Former names of the nested arguments. */
export type ConsulConnection = ConsulConnectionArgs;
export type ConsulRetention = ConsulRetentionArgs;
export type ConsulEncryption = ConsulEncryptionArgs;
export type ConsulDecryption = ConsulDecryptionArgs;
export type ConsulInspect = ConsulInspectArgs;
export type ConsulSafetySnapshot = ConsulSafetySnapshotArgs;
