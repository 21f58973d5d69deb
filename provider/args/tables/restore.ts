/** The arguments of ConsulSnapshotRestore. */

import { PLACE_URLS } from "./places";
import type { Table } from "./row";

export const RESTORE = {
  runId: {
    kind: { type: "string" },
    form: 'a string such as "2026-11-23 rollback", new for each restore',
    required: true,
    option: "--run-id",
    effect: "replace",
    documentation:
      "The name of this restore. **One runId restores once**, whatever happens to state; only a new one restores again.",
  },
  validUntil: {
    kind: { type: "time" },
    form: 'a time with its zone, such as "2026-11-24T00:00:00Z"',
    required: true,
    option: "--valid-until",
    effect: "record",
    documentation:
      'The restore does not begin after this: a time with its zone (RFC 3339), such as `"2026-11-24T00:00:00Z"`.',
  },
  source: {
    kind: { type: "archive" },
    form: "the path or URL of one archive",
    required: true,
    effect: "record",
    documentation: `The archive: its path (relative to the program's folder), its ${PLACE_URLS}, or the \`ConsulSnapshot\` that saved it: then only the archive that it saved is restored.`,
    pluginDocumentation: `The archive: its path (relative to the program's folder), or its ${PLACE_URLS}, such as the output \`location\` of a \`ConsulSnapshot\`. Set \`sha256\` to the output of that name, and only the archive that it saved is restored.`,
  },
  safetySnapshot: {
    kind: { type: "object", noun: "safetySnapshot", orFalse: true },
    form: '{ target: "./before-restore/" }, or false for none',
    required: true,
    effect: "record",
    documentation: "Where the current state is saved first. With `false` it is lost.",
    page: "[safety snapshot](#safety-snapshot)",
  },
  connection: {
    kind: { type: "object", noun: "connection" },
    form: 'an object such as { address: "consul.example:8500" }',
    without: "stack configuration, then the environment, then `http://127.0.0.1:8500`",
    effect: "record",
    documentation: "The Consul whose state is replaced, and how to reach it.",
    page: "[connection](consul-snapshot.md#connection)",
  },
  decryption: {
    kind: { type: "object", noun: "decryption" },
    form: 'an object such as { identityFiles: ["/etc/consul-backup/key.txt"] }',
    without: "the file in `CONSUL_SNAPSHOT_AGE_IDENTITY_FILE`",
    effect: "none",
    documentation: "What decrypts the archive, if it is encrypted.",
    page: "[decryption](#decryption)",
  },
  tokenAfterRestore: {
    kind: { type: "string" },
    form: "an ACL token that the archive contains",
    without: "the token of `connection`, which another cluster's archive does not contain",
    option: "--token-after-restore-file",
    secret: true,
    effect: "none",
    documentation: "A token that the restored cluster knows, to read it back with.",
    page: "[tokens](#tokens-after-another-clusters-archive)",
  },
  allow: {
    kind: { type: "list", of: { type: "guard" } },
    form: 'a list of guards, such as ["otherCluster"]',
    option: "--allow",
    effect: "record",
    documentation: "The guards to override, each by the name in its refusal.",
    page: "[guards](#guards)",
  },
  sha256: {
    kind: { type: "string" },
    form: "64 hexadecimal digits, such as the output sha256 of a ConsulSnapshot",
    without: "that of a `ConsulSnapshot` passed as `source`, else any archive",
    option: "--sha256",
    effect: "record",
    documentation:
      "The SHA-256 of the only archive that may be restored, as Consul made it. A manifest lies beside its archive, and write access to one is write access to both: this detects a replaced pair.",
  },
  cluster: {
    kind: { type: "string" },
    form: "the Raft id of a server, such as 75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11",
    without: "any cluster that `connection` leads to",
    option: "--cluster",
    effect: "record",
    documentation:
      "The Raft id of a server of the only cluster that may be restored, as a plan shows it (`serverIds`). An address that has moved to another cluster since then is refused.",
  },
  strict: {
    kind: { type: "boolean" },
    default: false,
    option: "--strict",
    effect: "record",
    documentation: "Fail with `RESTORE_UNCONFIRMED` where the outcome is `drift`.",
  },
} as const satisfies Table;

/** Where what a restore replaces is saved. */
export const SAFETY_SNAPSHOT = {
  target: {
    kind: { type: "string" },
    form: "a path such as ./before-restore/, or a URL",
    required: true,
    option: "--safety-snapshot",
    documentation: "As that of a `ConsulSnapshot`: a path or a URL, with a name that changes.",
  },
  encryption: {
    kind: { type: "object", noun: "encryption" },
    form: 'an object such as { recipients: ["age1…"] }',
    documentation: "Encrypt it, in the age format; its name then ends in `.age`.",
    page: "[encryption](consul-snapshot.md#encryption)",
  },
} as const satisfies Table;
