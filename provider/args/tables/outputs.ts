/** The outputs of both resources, and all objects that outputs contain: what a program reads, in every language. */

/** What an output's value can be. */
export type OutputKind =
  | { readonly type: "string" | "boolean" }
  /** Fits into 32 bits: .NET and Java read it as such. */
  | { readonly type: "integer" }
  /** Bytes, indexes and counts, which may not. */
  | { readonly type: "number" }
  | { readonly type: "choice"; readonly name: string; readonly choices: readonly string[] }
  | { readonly type: "strings" }
  /** JSON without a fixed form. */
  | { readonly type: "any" }
  | { readonly type: "list" | "object"; readonly of: OutputNoun };

/** The objects that outputs contain. */
export type OutputNoun =
  | "server"
  | "records"
  | "restorable"
  | "keys"
  | "prefix"
  | "otherKeys"
  | "difference"
  | "listedArchive"
  | "verifiedArchive"
  | "plannedArchive"
  | "plannedCluster"
  | "guard"
  | "earlierRun"
  | "failure";

export interface OutputRow {
  readonly kind: OutputKind;
  /** It may be undefined. */
  readonly optional?: true;
  /** Only the save knows it: it is not in the archive. */
  readonly ofSave?: true;
  /** Markdown, as in the SDK's doc comment. */
  readonly documentation: string;
}

export type OutputTable = Readonly<Record<string, OutputRow>>;

export interface OutputObject {
  readonly documentation: string;
  readonly fields: OutputTable;
}

const STRING = { type: "string" } as const;
const INTEGER = { type: "integer" } as const;
const NUMBER = { type: "number" } as const;
const BOOLEAN = { type: "boolean" } as const;

export const SNAPSHOT_OUTPUTS = {
  index: {
    kind: NUMBER,
    documentation: "The Raft index of the snapshot.",
  },
  term: {
    kind: NUMBER,
    documentation: "The Raft term of the snapshot.",
  },
  size: {
    kind: NUMBER,
    documentation: "Bytes of the snapshot's state, uncompressed, as `consul snapshot inspect` prints.",
  },
  version: {
    kind: INTEGER,
    documentation: "Version of the archive's format.",
  },
  snapshotId: {
    kind: STRING,
    documentation: "Consul's own id of the snapshot: `term-index-milliseconds`.",
  },
  location: {
    kind: STRING,
    documentation: "Where the archive is: an absolute path, or a URL.",
  },
  url: {
    kind: STRING,
    optional: true,
    documentation:
      "`location` without the settings behind its `?`, as `aws s3 cp` and `gcloud storage cp` take it; `undefined` for a snapshot that an older version has saved.",
  },
  archiveSize: {
    kind: NUMBER,
    documentation: "Bytes of the archive as Consul made it.",
  },
  sha256: {
    kind: STRING,
    documentation: "SHA-256 of the archive as Consul made it, in hexadecimal.",
  },
  storedSize: {
    kind: NUMBER,
    documentation: "Bytes of the object at `location`.",
  },
  storedSha256: {
    kind: STRING,
    documentation: "SHA-256 of the object at `location`, in hexadecimal.",
  },
  takenAt: {
    kind: STRING,
    documentation: "When the server took the snapshot: RFC 3339, UTC.",
  },
  datacenter: {
    kind: STRING,
    optional: true,
    documentation: "Consul's datacenter; `undefined` when the token may not read it.",
  },
  consulVersion: {
    kind: STRING,
    optional: true,
    documentation: "The server's version of Consul; `undefined` when the token may not read it.",
  },
  servers: {
    kind: { type: "list", of: "server" },
    documentation: "The servers of the cluster when the snapshot was taken.",
  },
  knownLeader: {
    kind: BOOLEAN,
    optional: true,
    ofSave: true,
    documentation: "Whether the server that answered knew a leader; `undefined` for an archive that was looked up.",
  },
  lastContact: {
    kind: NUMBER,
    optional: true,
    ofSave: true,
    documentation: "How long ago, in milliseconds, that server had heard from the leader; 0 for the leader itself.",
  },
  contents: {
    kind: { type: "list", of: "records" },
    documentation: "What is in the snapshot, by type of record; the largest first.",
  },
  restorable: {
    kind: { type: "object", of: "restorable" },
    optional: true,
    documentation: "Whether the Consul that it came from could restore it; `undefined` when that version is unknown.",
  },
  kv: {
    kind: { type: "object", of: "keys" },
    optional: true,
    documentation: "Keys by prefix, when `inspect` asked for them.",
  },
  kept: {
    kind: INTEGER,
    optional: true,
    ofSave: true,
    documentation:
      "With `retention`: how many archives of this resource there were after the save, this one among them.",
  },
  removed: {
    kind: INTEGER,
    optional: true,
    ofSave: true,
    documentation: "With `retention`: how many the save removed.",
  },
  encrypted: {
    kind: BOOLEAN,
    documentation: "Whether the object at `location` is encrypted.",
  },
} as const satisfies OutputTable;

export const RESTORE_OUTPUTS = {
  outcome: {
    kind: { type: "choice", name: "Outcome", choices: ["exact", "drift", "unproved"] },
    documentation:
      '`"exact"`: when it was read back, the cluster held what the archive holds; `"drift"`: it held something else, and each of the `differences` can be explained by writes after the restore, or is of a type that servers write by themselves; `"unproved"`: only a receipt says that this run was restored before, and the cluster does not prove it.',
  },
  restoredAt: {
    kind: STRING,
    documentation: "When the restore was sent: RFC 3339, UTC.",
  },
  restoredIndex: {
    kind: NUMBER,
    documentation: "The cluster's Raft index when it was read back.",
  },
  snapshotId: {
    kind: STRING,
    documentation: "Consul's own id of the snapshot in the archive.",
  },
  safetyLocation: {
    kind: STRING,
    optional: true,
    documentation: "Where the state before the restore is saved; `undefined` without a safety snapshot.",
  },
  unsavedChanges: {
    kind: NUMBER,
    optional: true,
    documentation:
      "How many Raft entries were written between the safety snapshot and the restore, and are in neither; `undefined` where that is unknown.",
  },
  receipt: {
    kind: STRING,
    optional: true,
    documentation: "Where the receipt of this run is, by which it is never restored again; `undefined` without one.",
  },
  servers: {
    kind: { type: "list", of: "server" },
    documentation: "The servers of the restored cluster.",
  },
  contents: {
    kind: { type: "list", of: "records" },
    documentation: "What was read back, by type of record; the largest first.",
  },
  differences: {
    kind: { type: "list", of: "difference" },
    documentation: 'What was not as in the archive: none when `outcome` is `"exact"`.',
  },
  adopted: {
    kind: BOOLEAN,
    documentation: "Whether this run had begun before, according to its receipt, so nothing was restored now.",
  },
} as const satisfies OutputTable;

const TYPE = { kind: STRING, documentation: "As Consul names it, such as `KVS`." } as const;

/** The objects among outputs. */
export const OUTPUT_OBJECTS = {
  server: {
    documentation: "A server of the cluster, as the archive's Raft configuration lists it.",
    fields: {
      id: { kind: STRING, documentation: "Its Raft id, which stays when its address changes." },
      address: { kind: STRING, documentation: "`host:port` of its server RPC, not of its HTTP API." },
      suffrage: { kind: STRING, documentation: "What it may do in Raft: `voter`, `nonvoter` or `staging`." },
    },
  },
  records: {
    documentation: "The records of one type in a snapshot.",
    fields: {
      type: TYPE,
      count: { kind: NUMBER, documentation: "How many there are." },
      size: { kind: NUMBER, documentation: "Bytes, as `consul snapshot inspect` counts them." },
    },
  },
  restorable: {
    documentation: "Whether the Consul that a snapshot came from could restore it.",
    fields: {
      ok: { kind: BOOLEAN, documentation: "Whether it could." },
      consulVersion: {
        kind: STRING,
        documentation: "The version that this is about: that of the servers when the snapshot was taken.",
      },
      basis: {
        kind: { type: "choice", name: "Basis", choices: ["tried", "source", "nearest"] },
        documentation:
          "Whether that version was tried with real servers, or its source read, or that of the nearest version.",
      },
      knownBy: {
        kind: STRING,
        documentation: "The same in words, such as `nearest version known: 1.22`. Absent in earlier versions' outputs.",
        optional: true,
      },
      reasons: { kind: { type: "strings" }, documentation: "Why not, a sentence each." },
    },
  },
  keys: {
    documentation: "Keys by prefix, the largest first.",
    fields: {
      prefixes: {
        kind: { type: "list", of: "prefix" },
        documentation: "At most 500; `size` is the bytes of their records.",
      },
      rest: {
        kind: { type: "object", of: "otherKeys" },
        documentation: "The keys of all other prefixes, when there are more than 500.",
      },
    },
  },
  prefix: {
    documentation: "The keys that begin with one prefix.",
    fields: {
      prefix: { kind: STRING, documentation: "How the keys begin." },
      count: { kind: NUMBER, documentation: "How many keys there are." },
      size: { kind: NUMBER, documentation: "Bytes of their records." },
    },
  },
  otherKeys: {
    documentation: "The keys of all other prefixes.",
    fields: {
      count: { kind: NUMBER, documentation: "How many keys there are." },
      size: { kind: NUMBER, documentation: "Bytes of their records." },
    },
  },
  difference: {
    documentation: "The records of one type that are not as in the archive.",
    fields: {
      type: TYPE,
      archived: { kind: NUMBER, documentation: "How many the archive holds." },
      found: { kind: NUMBER, documentation: "How many the cluster held when it was read back." },
      reason: { kind: STRING, documentation: "How that can be, in one sentence." },
    },
  },
  listedArchive: {
    documentation: "An archive, as its manifest describes it.",
    fields: {
      location: SNAPSHOT_OUTPUTS.location,
      snapshotId: SNAPSHOT_OUTPUTS.snapshotId,
      takenAt: SNAPSHOT_OUTPUTS.takenAt,
      index: SNAPSHOT_OUTPUTS.index,
      size: SNAPSHOT_OUTPUTS.size,
      storedSize: SNAPSHOT_OUTPUTS.storedSize,
      sha256: SNAPSHOT_OUTPUTS.sha256,
      datacenter: SNAPSHOT_OUTPUTS.datacenter,
      consulVersion: SNAPSHOT_OUTPUTS.consulVersion,
      purpose: { kind: STRING, documentation: "`backup`, or `safety` for the state that a restore has replaced." },
      series: { kind: STRING, documentation: "The series that it belongs to." },
      encrypted: SNAPSHOT_OUTPUTS.encrypted,
      intact: {
        kind: BOOLEAN,
        documentation: "Whether it is as long as when it was saved. A listing reads no archive.",
      },
      restorable: SNAPSHOT_OUTPUTS.restorable,
      writtenAt: { kind: STRING, documentation: "When it was stored, by the store's clock: RFC 3339, UTC." },
    },
  },
  verifiedArchive: {
    documentation: "What a valid archive holds.",
    fields: {
      snapshotId: SNAPSHOT_OUTPUTS.snapshotId,
      takenAt: SNAPSHOT_OUTPUTS.takenAt,
      index: SNAPSHOT_OUTPUTS.index,
      records: { kind: NUMBER, documentation: "How many records there are." },
      size: SNAPSHOT_OUTPUTS.size,
      archiveSize: SNAPSHOT_OUTPUTS.archiveSize,
      sha256: SNAPSHOT_OUTPUTS.sha256,
      encrypted: SNAPSHOT_OUTPUTS.encrypted,
    },
  },
  plannedArchive: {
    documentation: "The archive that would be restored.",
    fields: {
      location: SNAPSHOT_OUTPUTS.location,
      takenAt: SNAPSHOT_OUTPUTS.takenAt,
      index: SNAPSHOT_OUTPUTS.index,
      datacenter: SNAPSHOT_OUTPUTS.datacenter,
      consulVersion: SNAPSHOT_OUTPUTS.consulVersion,
      archiveSize: SNAPSHOT_OUTPUTS.archiveSize,
      sha256: SNAPSHOT_OUTPUTS.sha256,
      encrypted: SNAPSHOT_OUTPUTS.encrypted,
      contents: SNAPSHOT_OUTPUTS.contents,
    },
  },
  plannedCluster: {
    documentation: "The cluster whose state would be replaced.",
    fields: {
      address: { kind: STRING, documentation: "The address that was asked." },
      datacenter: SNAPSHOT_OUTPUTS.datacenter,
      consulVersion: SNAPSHOT_OUTPUTS.consulVersion,
      serverIds: { kind: { type: "strings" }, documentation: "The Raft ids of its servers, where they are known." },
      index: { kind: NUMBER, optional: true, documentation: "Its Raft index, where its state could be read." },
      contents: {
        kind: { type: "list", of: "records" },
        optional: true,
        documentation: "What it holds now, by type of record, where its state could be read.",
      },
    },
  },
  guard: {
    documentation: "The verdict of a guard.",
    fields: {
      name: { kind: STRING, documentation: "Its name, as `allow` takes it." },
      ok: { kind: BOOLEAN, documentation: "Whether it lets the restore pass." },
      message: { kind: STRING, documentation: "What was found, in one sentence." },
      overridable: { kind: BOOLEAN, documentation: "Whether `allow` can override it." },
      overridden: { kind: BOOLEAN, documentation: "Whether it fails, and `allow` overrides it." },
      advice: { kind: STRING, documentation: "What to do when it fails, besides overriding it." },
      code: { kind: STRING, optional: true, documentation: "The error's code, where it is not `RESTORE_REFUSED`." },
    },
  },
  earlierRun: {
    documentation: "A run that has begun before, according to its receipt.",
    fields: {
      begunAt: { kind: STRING, documentation: "When it began: RFC 3339, UTC." },
      source: { kind: STRING, documentation: "The archive that the request names." },
      sha256: { kind: STRING, documentation: "SHA-256 of the archive that was restored, as Consul made it." },
      receipt: { kind: STRING, documentation: "Where the receipt is." },
      outcome: { kind: STRING, optional: true, documentation: "Its outcome, once it was read back." },
    },
  },
  failure: {
    documentation: "A failure, as data.",
    fields: {
      code: { kind: STRING, optional: true, documentation: "One of the error codes of the reference." },
      message: { kind: STRING, documentation: "What failed and where, in one sentence." },
      hint: { kind: STRING, optional: true, documentation: "What to do about it." },
      details: {
        kind: { type: "any" },
        optional: true,
        documentation: "More for programs, such as the guards of a refusal.",
      },
    },
  },
} as const satisfies Readonly<Record<OutputNoun, OutputObject>>;
