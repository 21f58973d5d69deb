/**
 * The table of all record types of a state. Configuration entries are records of one type, so each of their kinds has a
 * row too. A row contains which versions and editions of Consul restore the record, the form of its value, who writes
 * it, and where this knowledge comes from.
 *
 * A server crashes on an unknown type or kind, so a wrong extra row is worse than a missing one.
 */

import type { Version } from "./version";

/**
 * Who writes records of a type. `users` write through the API. `servers` means servers, agents and peers, which also
 * write by themselves, within seconds of a restore. `bookkeeping` (indexes, telemetry) differs between any two
 * snapshots of a live cluster.
 */
export type Writer = "users" | "servers" | "bookkeeping";

export interface RecordType {
  /** The byte before the record. */
  readonly type: number;
  /**
   * The name in Consul's source; for a configuration entry, its kind. `contents/recordName.ts` has a line for each type:
   * which fields name a record of it.
   */
  readonly name: string;
  /** The first version that restores it. Default: none, the record occurs only in the Raft log. */
  readonly since?: Version;
  /** The first version that no longer restores it. */
  readonly until?: Version;
  /** The only edition that restores it. Default: both. */
  readonly edition?: "enterprise";
  /**
   * The form of its value, by its name in `state/structs.ts`; a `message` is a protobuf message. Every restored type
   * has one. A configuration entry kind without it has no checked fields.
   */
  readonly body?: string;
  /** Whether a difference shows its fields (`contents/shownFields.ts`). Default: they may contain secrets. */
  readonly shown?: true;
  /** Default: `users`. */
  readonly writer?: Writer;
  /** The table whose `Index` record changes when such a record is written or deleted, if there is one. */
  readonly indexTable?: string;
  /** The keys of records that each new leader rewrites. They never count as a difference. */
  readonly rewritten?: readonly string[];
  /**
   * Paths of fields that servers compute. They change without a write, so after a correct restore they may differ from
   * the archive. The other fields, including `ModifyIndex`, show what users wrote.
   */
  readonly computed?: readonly (readonly string[])[];
  /** The name of the type that such records have after a restore. Default: their own. */
  readonly restoredAs?: string;
  /** Where the knowledge comes from, as the end of a sentence. */
  readonly basis: string;
}

/** The oldest version whose source was read. */
export const OLDEST: Version = [1, 8];
/** The newest version whose source was read. */
export const NEWEST: Version = [2, 1];

/**
 * Releases of the Community Edition with which each field of each record type was tested on real servers
 * (tests/archive/restorable.test.ts). Other patch releases of these minor versions were not tried.
 */
export const TRIED: readonly string[] = ["1.12.9", "1.13.9", "1.14.11"];

/** Versions of which only the files were read that are named in this table, before their release. */
export const READ_IN_PART: readonly Version[] = [[2, 0], NEWEST];

/** All known versions: those whose source was read. */
export const VERSIONS: readonly Version[] = [
  ...Array.from({ length: 15 }, (_, i): Version => [1, 8 + i]),
  ...READ_IN_PART,
];

/** The first version with peers. */
export const PEERS_SINCE: Version = [1, 13];

export const REGISTER = 0;
export const KVS = 2;
export const ACL_POLICY = 19;
export const CONFIG_ENTRY = 22;
export const CHUNKING_STATE = 29;
export const SYSTEM_METADATA = 31;
export const SERVICE_VIRTUAL_IP = 32;
export const FREE_VIRTUAL_IP = 33;
export const PEERING = 35;
export const TRUST_BUNDLE = 38;

/**
 * One release of each line was read: 1.8.19, 1.9.17, 1.10.12, 1.11.11, 1.12.9, 1.13.9, 1.14.11, 1.15.10, 1.16.6, 1.17.3,
 * 1.18.2, 1.19.2, 1.20.6, 1.21.5 and 1.22.7; of 2.1, the files named below, before its release.
 */
const RESTORERS = "read in agent/consul/fsm, 1.8 to 2.1";
const LOG = "read in agent/structs/structs.go, 1.8 to 1.22";
const KINDS = "read in agent/structs/config_entry.go, 1.8 to 2.1";

/**
 * 1.15 and later recompute it during a restore (agent/consul/state/config_entry.go); earlier versions have no such
 * field.
 */
const HASH = ["Hash"];

export const RECORD_TYPES: readonly RecordType[] = [
  {
    type: REGISTER,
    name: "Register",
    since: OLDEST,
    body: "RegisterRequest",
    shown: true,
    writer: "servers",
    basis: RESTORERS,
  },
  { type: 1, name: "Deregister", basis: LOG },
  { type: KVS, name: "KVS", since: OLDEST, body: "DirEntry", shown: true, indexTable: "kvs", basis: RESTORERS },
  { type: 3, name: "Session", since: OLDEST, body: "Session", shown: true, writer: "servers", basis: RESTORERS },
  {
    type: 4,
    name: "ACL",
    since: OLDEST,
    until: [1, 15],
    body: "LegacyACL",
    indexTable: "acls",
    // Tokens from before 1.4. Tested with 1.14.11.
    restoredAs: "ACLToken",
    basis: RESTORERS,
  },
  { type: 5, name: "Tombstone", since: OLDEST, body: "Tombstone", shown: true, writer: "servers", basis: RESTORERS },
  {
    type: 6,
    name: "CoordinateBatchUpdate",
    since: OLDEST,
    body: "[Coordinate!]",
    writer: "bookkeeping",
    basis: RESTORERS,
  },
  {
    type: 7,
    name: "PreparedQuery",
    since: OLDEST,
    body: "PreparedQuery",
    shown: true,
    indexTable: "prepared-queries",
    basis: RESTORERS,
  },
  { type: 8, name: "Txn", basis: LOG },
  {
    type: 9,
    name: "Autopilot",
    since: OLDEST,
    body: "AutopilotConfig",
    shown: true,
    writer: "servers",
    basis: RESTORERS,
  },
  { type: 10, name: "Area", basis: LOG },
  { type: 11, name: "ACLBootstrap", since: OLDEST, until: [1, 15], body: "ACLBootstrap", basis: RESTORERS },
  {
    type: 12,
    name: "Intention",
    since: OLDEST,
    body: "Intention",
    shown: true,
    indexTable: "connect-intentions",
    basis: RESTORERS,
  },
  { type: 13, name: "ConnectCA", since: OLDEST, body: "CARoot", writer: "servers", basis: RESTORERS },
  {
    type: 14,
    name: "ConnectCAProviderState",
    since: OLDEST,
    body: "CAConsulProviderState",
    writer: "servers",
    basis: RESTORERS,
  },
  { type: 15, name: "ConnectCAConfig", since: OLDEST, body: "CAConfiguration", writer: "servers", basis: RESTORERS },
  { type: 16, name: "Index", since: OLDEST, body: "IndexEntry", shown: true, writer: "bookkeeping", basis: RESTORERS },
  {
    type: 17,
    name: "ACLToken",
    since: OLDEST,
    body: "ACLToken",
    shown: true,
    indexTable: "acl-tokens",
    // A token without a hash gets one during a restore (restoreToken). Tested with 1.14.11.
    computed: [HASH],
    basis: RESTORERS,
  },
  { type: 18, name: "ACLTokenDelete", basis: LOG },
  {
    type: ACL_POLICY,
    name: "ACLPolicy",
    since: OLDEST,
    body: "ACLPolicy",
    shown: true,
    indexTable: "acl-policies",
    basis: RESTORERS,
  },
  { type: 20, name: "ACLPolicyDelete", basis: LOG },
  { type: 21, name: "ConnectCALeaf", basis: LOG },
  {
    type: CONFIG_ENTRY,
    name: "ConfigEntry",
    since: OLDEST,
    body: "configEntry",
    shown: true,
    indexTable: "config-entries",
    basis: RESTORERS,
  },
  { type: 23, name: "ACLRole", since: OLDEST, body: "ACLRole", shown: true, indexTable: "acl-roles", basis: RESTORERS },
  { type: 24, name: "ACLRoleDelete", basis: LOG },
  {
    type: 25,
    name: "ACLBindingRule",
    since: OLDEST,
    body: "ACLBindingRule",
    shown: true,
    indexTable: "acl-binding-rules",
    basis: RESTORERS,
  },
  { type: 26, name: "ACLBindingRuleDelete", basis: LOG },
  {
    type: 27,
    name: "ACLAuthMethod",
    since: OLDEST,
    body: "ACLAuthMethod",
    shown: true,
    indexTable: "acl-auth-methods",
    basis: RESTORERS,
  },
  { type: 28, name: "ACLAuthMethodDelete", basis: LOG },
  {
    type: CHUNKING_STATE,
    name: "ChunkingState",
    since: OLDEST,
    body: "ChunkingState",
    writer: "bookkeeping",
    basis: RESTORERS,
  },
  {
    type: 30,
    name: "FederationState",
    since: OLDEST,
    body: "FederationStateRequest",
    shown: true,
    writer: "servers",
    basis: RESTORERS,
  },
  {
    type: SYSTEM_METADATA,
    name: "SystemMetadata",
    since: [1, 9],
    body: "SystemMetadataEntry",
    writer: "servers",
    // Since 1.14, if ACLs are enabled. Tested with 1.14.11.
    rewritten: ["server-management-token"],
    basis: RESTORERS,
  },
  {
    type: SERVICE_VIRTUAL_IP,
    name: "ServiceVirtualIP",
    since: [1, 11],
    body: "ServiceVirtualIP",
    shown: true,
    writer: "servers",
    basis: RESTORERS,
  },
  {
    type: FREE_VIRTUAL_IP,
    name: "FreeVirtualIP",
    since: [1, 11],
    body: "FreeVirtualIP",
    writer: "servers",
    basis: RESTORERS,
  },
  { type: 34, name: "KindServiceName", writer: "servers", basis: LOG },
  { type: PEERING, name: "Peering", since: PEERS_SINCE, body: "message<Peering>", writer: "servers", basis: RESTORERS },
  { type: 36, name: "PeeringDelete", basis: LOG },
  {
    type: TRUST_BUNDLE,
    name: "PeeringTrustBundle",
    since: PEERS_SINCE,
    body: "message<PeeringTrustBundle>",
    writer: "servers",
    basis: RESTORERS,
  },
  { type: 39, name: "PeeringTrustBundleDelete", basis: LOG },
  {
    type: 40,
    name: "PeeringSecret",
    since: PEERS_SINCE,
    body: "message<PeeringSecrets>",
    writer: "servers",
    basis: RESTORERS,
  },
  { type: 41, name: "RaftLogVerifierCheckpoint", basis: LOG },
  { type: 42, name: "Resource", since: [1, 16], body: "message<Resource>", basis: RESTORERS },
  { type: 43, name: "UpdateManualVirtualIPRequestType", basis: LOG },
  { type: 44, name: "Census", basis: LOG },
  { type: 45, name: "FeatureGate", since: [2, 1], body: "FeatureGateSnapshot", basis: RESTORERS },

  {
    type: CONFIG_ENTRY,
    name: "service-defaults",
    since: OLDEST,
    body: "ServiceConfigEntry",
    // Since 1.14 servers copy the mode of proxy-defaults here, in memory, when they resolve a proxy's configuration
    // (agent/configentry/resolve.go). Tested with 1.14.11 and 1.22.0.
    computed: [HASH, ["UpstreamConfig", "Defaults", "MeshGateway"]],
    basis: KINDS,
  },
  {
    type: CONFIG_ENTRY,
    name: "proxy-defaults",
    since: OLDEST,
    body: "packed<ProxyConfigEntry>",
    // Since 1.15 a copy of the protocol in Config, written when the entry is restored (ComputeProtocol).
    computed: [HASH, ["Protocol"]],
    basis: KINDS,
  },
  entry("service-router", OLDEST, "ServiceRouterConfigEntry"),
  entry("service-splitter", OLDEST, "ServiceSplitterConfigEntry"),
  entry("service-resolver", OLDEST, "ServiceResolverConfigEntry"),
  entry("ingress-gateway", OLDEST, "IngressGatewayConfigEntry"),
  entry("terminating-gateway", OLDEST, "TerminatingGatewayConfigEntry"),
  entry("service-intentions", [1, 9], "ServiceIntentionsConfigEntry"),
  entry("mesh", [1, 10], "MeshConfigEntry"),
  entry("exported-services", [1, 11], "ExportedServicesConfigEntry"),
  entry("api-gateway", [1, 15], "APIGatewayConfigEntry"),
  entry("bound-api-gateway", [1, 15], "BoundAPIGatewayConfigEntry"),
  entry("inline-certificate", [1, 15], "InlineCertificateConfigEntry"),
  entry("http-route", [1, 15], "HTTPRouteConfigEntry"),
  entry("tcp-route", [1, 15], "TCPRouteConfigEntry"),
  entry("jwt-provider", [1, 16], "JWTProviderConfigEntry"),
  entry("file-system-certificate", [1, 19], "FileSystemCertificateConfigEntry"),
  {
    ...entry("sameness-group", [1, 16], "SamenessGroupConfigEntry"),
    edition: "enterprise",
    basis:
      'read in agent/consul/state/config_entry_sameness_group_ce.go, 1.16 to 1.22: restoring one fails as "an enterprise-only feature"',
  },
  {
    ...entry("control-plane-request-limit", [1, 16]),
    edition: "enterprise",
    basis: `${KINDS}: named there, and not made in the Community Edition`,
  },
  {
    ...entry("rate-limit", [2, 0]),
    edition: "enterprise",
    basis:
      "read in agent/structs/config_entry_global_rate_limit.go; config_entry.go does not make it in the Community Edition",
  },
  {
    ...entry("inference-gateway", [2, 1]),
    edition: "enterprise",
    basis: "read in agent/structs/config_entry_inference_gateway.go: the Community Edition does not store it",
  },
];

/** The row of a configuration entry kind without special rules. */
function entry(kind: string, since: Version, body?: string): RecordType {
  return { type: CONFIG_ENTRY, name: kind, since, ...(body !== undefined && { body }), computed: [HASH], basis: KINDS };
}
