/**
 * Every key of the agent's configuration: its kind, the flag and the variable that also set it, and what it does.
 * The keys without `own` are those of HashiCorp's `consul snapshot agent`
 * (https://developer.hashicorp.com/consul/commands/snapshot/agent).
 */

import { CONNECTION } from "../../provider/args/tables/connection";
import { DESTINATIONS } from "./destinationKeys";
import type { Key, KeyTable } from "./keyForm";

export type { Key, KeyKind, KeyTable } from "./keyForm";

const ROOT = {
  http_addr: {
    kind: "string",
    flag: "http-addr",
    environment: CONNECTION.address.environment.variable,
    default: CONNECTION.address.default,
    documentation: "The address of Consul: `host:port`, a URL, or `unix:///path`.",
  },
  token: {
    kind: "string",
    flag: "token",
    environment: CONNECTION.token.environment.variable,
    replaces: ["token_file"],
    secret: true,
    documentation: "The ACL token.",
  },
  token_file: {
    kind: "string",
    flag: "token-file",
    environment: CONNECTION.tokenFile.environment.variable,
    replaces: ["token"],
    own: true,
    documentation: "A file that contains the ACL token; it is read again before each snapshot.",
  },
  datacenter: {
    kind: "string",
    flag: "datacenter",
    documentation: "The datacenter to ask. Another one than the local agent's is possible only with `interval` 0.",
  },
  ca_file: {
    kind: "string",
    flag: "ca-file",
    environment: CONNECTION.caFile.environment.variable,
    replaces: ["ca_path"],
    documentation: "The certificate authority of Consul, a PEM file.",
  },
  ca_path: {
    kind: "string",
    flag: "ca-path",
    environment: CONNECTION.caPath.environment.variable,
    replaces: ["ca_file"],
    documentation: "The certificate authorities, a folder of PEM files.",
  },
  cert_file: {
    kind: "string",
    flag: "client-cert",
    environment: CONNECTION.certFile.environment.variable,
    documentation: "The client's certificate, a PEM file.",
  },
  key_file: {
    kind: "string",
    flag: "client-key",
    environment: CONNECTION.keyFile.environment.variable,
    documentation: "The key of the client's certificate, a PEM file.",
  },
  tls_server_name: {
    kind: "string",
    flag: "tls-server-name",
    environment: CONNECTION.tlsServerName.environment.variable,
    documentation: "The name to expect in Consul's certificate.",
  },
  license_path: {
    kind: "string",
    ignored: "this agent needs no license",
    documentation: "The license of Consul Enterprise.",
  },
} as const satisfies KeyTable;

const LOGIN = {
  auth_method: {
    kind: "string",
    flag: "login-auth-method",
    documentation: "The auth method to log in with; the token of the login is used in place of `token`.",
  },
  bearer_token: {
    kind: "string",
    flag: "login-bearer-token",
    replaces: ["bearer_token_file"],
    secret: true,
    documentation: "The token that the auth method verifies, such as a JWT.",
  },
  bearer_token_file: {
    kind: "string",
    flag: "login-bearer-token-file",
    replaces: ["bearer_token"],
    documentation: "A file that contains it, in place of `bearer_token`; it is read again for each login.",
  },
  meta: {
    kind: "map",
    flag: "login-meta",
    documentation: "Metadata of the login's token.",
  },
} as const satisfies KeyTable;

const LOG = {
  level: {
    kind: "string",
    flag: "log-level",
    default: "INFO",
    documentation: "The least important lines to print: `TRACE`, `DEBUG`, `INFO`, `WARN` or `ERROR`.",
  },
  format: {
    kind: "string",
    flag: "log-format",
    default: "text",
    own: true,
    documentation: "`text`, as Consul prints it, or `json`.",
  },
  enable_syslog: {
    kind: "boolean",
    flag: "syslog",
    default: false,
    documentation: "Also send the lines to the local syslog.",
  },
  syslog_facility: {
    kind: "string",
    flag: "syslog-facility",
    default: "LOCAL0",
    documentation: "The facility of these lines.",
  },
} as const satisfies KeyTable;

const SNAPSHOT = {
  interval: {
    kind: "duration",
    flag: "interval",
    replaces: ["schedule"],
    default: "1h",
    documentation: "How often to take a snapshot. `0` takes one and exits.",
  },
  schedule: {
    kind: "string",
    flag: "schedule",
    replaces: ["interval"],
    own: true,
    documentation: "When to take snapshots, as a cron expression of five or six fields, in place of `interval`.",
  },
  time_zone: {
    kind: "string",
    own: true,
    default: "UTC",
    documentation: "The time zone of `schedule`, such as `Europe/Berlin`.",
  },
  jitter: {
    kind: "duration",
    own: true,
    default: "0",
    documentation: "Each scheduled snapshot is delayed by a random part of this; one that is late is taken at once.",
  },
  retain: {
    kind: "count",
    flag: "retain",
    default: 30,
    documentation: "How many snapshots to keep; `0` keeps all.",
  },
  stale: {
    kind: "boolean",
    flag: "stale",
    default: false,
    documentation: "Accept a snapshot of any server, not only of the leader.",
  },
  service: {
    kind: "string",
    flag: "service",
    default: "consul-snapshot",
    documentation: "The name under which the agent registers itself in Consul.",
  },
  deregister_after: {
    kind: "duration",
    flag: "deregister-after",
    default: "72h",
    documentation: "How long the agent may be silent before Consul removes its registration; `0` never does.",
  },
  lock_key: {
    kind: "string",
    flag: "lock-key",
    default: "consul-snapshot/lock",
    documentation: "The key that elects one of several agents.",
  },
  max_failures: {
    kind: "count",
    flag: "max-failures",
    default: 3,
    documentation: "After so many failed snapshots in a row the agent gives up its leadership.",
  },
  local_scratch_path: {
    kind: "string",
    flag: "local-scratch-path",
    documentation: "The folder where an archive waits for the destinations. Default: the system's temporary folder.",
  },
} as const satisfies KeyTable;

const HTTP = {
  address: {
    kind: "string",
    own: true,
    documentation:
      "Where `/metrics`, `/health`, `/ready`, `/status` and `/` are served, such as `127.0.0.1:8580` or `unix:///run/consul-snapshot.sock`; off by default.",
  },
  max_age: {
    kind: "duration",
    own: true,
    documentation:
      "`/health` fails when the newest restorable archive is older. Default: two intervals of the destination, `jitter` and 15 minutes.",
  },
} as const satisfies KeyTable;

const HEARTBEAT = {
  url: {
    kind: "string",
    own: true,
    secret: true,
    documentation: "Requested after each snapshot that every destination has received.",
  },
} as const satisfies KeyTable;

/** The objects under `snapshot_agent` that have keys of their own. */
export const SECTIONS = { login: LOGIN, log: LOG, snapshot: SNAPSHOT, http: HTTP, heartbeat: HEARTBEAT } as const;
export const ROOT_KEYS = ROOT;

/** A flag, and the key that it sets. */
export interface FlagTarget {
  /** `""` for a key of `snapshot_agent` itself. */
  readonly section: string;
  readonly name: string;
  readonly key: Key;
}

/** By the flag's name. */
export const FLAGS: ReadonlyMap<string, FlagTarget> = new Map(
  Object.entries({ "": ROOT, ...SECTIONS, ...DESTINATIONS }).flatMap(([section, table]) =>
    Object.entries(table as KeyTable).flatMap(([name, key]) =>
      key.flag === undefined ? [] : [[key.flag, { section, name, key }] as const],
    ),
  ),
);
