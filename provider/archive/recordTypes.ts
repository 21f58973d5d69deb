/**
 * The kinds of record in `state.bin`, and which versions of Consul restore them.
 *
 * Read in the source of Consul (agent/consul/fsm and agent/structs, from 1.8 to 2.1). Restored by real servers here:
 * those of 1.12.9 and 1.13.9; by hand, 1.8.7.
 */

/** A version of Consul's by its first two numbers: 1.13 is [1, 13]. */
export type Version = readonly [major: number, minor: number];

/** What Go decodes the record into: `bytes` are decoded once more, by whoever reads the record. */
export type Shape = "struct" | "list" | "bytes";

interface RecordType {
  /** As Consul's source has it. */
  readonly name: string;
  /** Restored from this version on. Left out: never restored, as it is only in Raft's log. */
  readonly since?: Version;
  /** The first version that no longer restores it. */
  readonly until?: Version;
  /** Default: `struct`. */
  readonly shape?: Shape;
}

/** No version before this one was looked at. */
export const OLDEST: Version = [1, 8];
/** The newest version whose source was read. */
export const NEWEST: Version = [2, 1];
/** Versions whose real servers have restored archives of every type here. */
export const TRIED: readonly Version[] = [
  [1, 12],
  [1, 13],
];

/** From here on, types are those of Consul Enterprise. */
const ENTERPRISE = 64;

const TYPES: Readonly<Record<number, RecordType>> = {
  0: { name: "Register", since: OLDEST },
  1: { name: "Deregister" },
  2: { name: "KVS", since: OLDEST },
  3: { name: "Session", since: OLDEST },
  4: { name: "ACL", since: OLDEST, until: [1, 15] },
  5: { name: "Tombstone", since: OLDEST },
  6: { name: "CoordinateBatchUpdate", since: OLDEST, shape: "list" },
  7: { name: "PreparedQuery", since: OLDEST },
  8: { name: "Txn" },
  9: { name: "Autopilot", since: OLDEST },
  10: { name: "Area" },
  11: { name: "ACLBootstrap", since: OLDEST, until: [1, 15] },
  12: { name: "Intention", since: OLDEST },
  13: { name: "ConnectCA", since: OLDEST },
  14: { name: "ConnectCAProviderState", since: OLDEST },
  15: { name: "ConnectCAConfig", since: OLDEST },
  16: { name: "Index", since: OLDEST },
  17: { name: "ACLToken", since: OLDEST },
  18: { name: "ACLTokenDelete" },
  19: { name: "ACLPolicy", since: OLDEST },
  20: { name: "ACLPolicyDelete" },
  21: { name: "ConnectCALeaf" },
  22: { name: "ConfigEntry", since: OLDEST, shape: "bytes" },
  23: { name: "ACLRole", since: OLDEST },
  24: { name: "ACLRoleDelete" },
  25: { name: "ACLBindingRule", since: OLDEST },
  26: { name: "ACLBindingRuleDelete" },
  27: { name: "ACLAuthMethod", since: OLDEST },
  28: { name: "ACLAuthMethodDelete" },
  29: { name: "ChunkingState", since: OLDEST },
  30: { name: "FederationState", since: OLDEST },
  31: { name: "SystemMetadata", since: [1, 9] },
  32: { name: "ServiceVirtualIP", since: [1, 11] },
  33: { name: "FreeVirtualIP", since: [1, 11] },
  34: { name: "KindServiceName" },
  35: { name: "Peering", since: [1, 13], shape: "bytes" },
  36: { name: "PeeringDelete" },
  38: { name: "PeeringTrustBundle", since: [1, 13], shape: "bytes" },
  39: { name: "PeeringTrustBundleDelete" },
  40: { name: "PeeringSecret", since: [1, 13], shape: "bytes" },
  41: { name: "RaftLogVerifierCheckpoint" },
  42: { name: "Resource", since: [1, 16], shape: "bytes" },
  43: { name: "UpdateManualVirtualIPRequestType" },
  45: { name: "FeatureGate", since: [2, 1] },
};

const NEWEST_IN_1_13 = 40;
export const KVS = 2;
export const CONFIG_ENTRY = 22;
export const CHUNKING_STATE = 29;
export const PEERING = 35;

export function typeName(type: number): string {
  return TYPES[type]?.name ?? `Unknown(${type})`;
}

/** What `consul snapshot inspect` of 1.13 prints for a type: it has no names for those that came later. */
export function inspectName(type: number): string {
  return type <= NEWEST_IN_1_13 ? typeName(type) : `Unknown(${type})`;
}

export function shapeOf(type: number): Shape | undefined {
  const known = TYPES[type];
  return known?.since === undefined ? undefined : (known.shape ?? "struct");
}

/**
 * Why a version does not restore a type, as the end of a sentence; nothing if it does.
 *
 * @param isEnterprise - whether it is Consul Enterprise
 */
export function whyNotRestored(type: number, version: Version, isEnterprise: boolean): string | undefined {
  if (type >= ENTERPRISE) {
    return isEnterprise ? undefined : "which only Consul Enterprise knows";
  }
  const known = TYPES[type];
  if (known === undefined) return "which no Consul up to 2.1 knows";
  if (known.since === undefined) return "which belongs in Raft's log and not in a snapshot";
  if (isBefore(version, known.since)) return `which Consul knows since ${known.since.join(".")}`;
  if (known.until !== undefined && !isBefore(version, known.until)) {
    return `which Consul restores no longer since ${known.until.join(".")}`;
  }
  return undefined;
}

/** Each version that there is, of those whose source was read. */
export const VERSIONS: readonly Version[] = [
  ...Array.from({ length: 15 }, (_, i): Version => [1, 8 + i]),
  [2, 0],
  NEWEST,
];

export function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
