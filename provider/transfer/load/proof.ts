/**
 * What a cluster holds after a restore against what the archive holds: first by digests, type by type; then, where a
 * digest differs, record by record. Pure: nothing here asks anybody.
 *
 * Some kinds of record (nodes, sessions, the CA) are also written by servers, agents and peers, which begin within seconds
 * of a restore. All others, and those that nobody knows, must be those of the archive, unless the cluster itself tells that
 * they were written over or deleted after the restore.
 */

import { hash } from "node:crypto";
import type { SeenRecord } from "../../archive/reader";
import { meaningOf } from "../../archive/meaning";
import { keyOf, modifiedAt, tableOf } from "../../archive/modified";
import { KVS, typeName } from "../../archive/recordTypes";
import type { Holding } from "./attempt";
import { Fingerprints } from "./fingerprints";
import type { Difference } from "./request";

/** Peers tell each other of their state, their authorities and secrets, and each writes down what it is told. */
const WRITTEN_BY_SERVERS = [
  "Register",
  "Session",
  "Tombstone",
  "Autopilot",
  "ConnectCA",
  "ConnectCAProviderState",
  "ConnectCAConfig",
  "FederationState",
  "SystemMetadata",
  "ServiceVirtualIP",
  "FreeVirtualIP",
  "KindServiceName",
  "Peering",
  "PeeringTrustBundle",
  "PeeringSecret",
];

/** By type: the table whose last write tells that something was written to it or deleted from it, where there is one. */
const TABLES: Readonly<Record<string, string>> = {
  KVS: "kvs",
  PreparedQuery: "prepared-queries",
  Intention: "connect-intentions",
  ACL: "acls",
  ACLToken: "acl-tokens",
  ACLPolicy: "acl-policies",
  ACLRole: "acl-roles",
  ACLBindingRule: "acl-binding-rules",
  ACLAuthMethod: "acl-auth-methods",
  ConfigEntry: "config-entries",
};

/** Bookkeeping and telemetry: these differ between any two snapshots of a living cluster, and are nobody's data. */
const NOT_COMPARED = ["Index", "CoordinateBatchUpdate", "ChunkingState"];

const INDEX_TYPE = "Index";
const TOMBSTONE_TYPE = "Tombstone";
const KVS_TYPE = typeName(KVS);
const CONFIG_ENTRY_TYPE = "ConfigEntry";

/** The types whose records differ between two snapshots. */
export function differingTypes(archive: Holding, found: Holding): { users: string[]; servers: string[] } {
  const types = [...new Set([...Object.keys(archive.records), ...Object.keys(found.records)])]
    .filter((type) => !NOT_COMPARED.includes(type) && archive.records[type]?.digest !== found.records[type]?.digest)
    .sort();
  return { users: types.filter((type) => !isServers(type)), servers: types.filter(isServers) };
}

function isServers(type: string): boolean {
  return WRITTEN_BY_SERVERS.includes(type);
}

/** The differences of kinds that servers and agents write by themselves. */
export function writtenByServers(types: readonly string[], archive: Holding, found: Holding): Difference[] {
  return types.map((type) => difference(type, archive, found, "servers and agents write these by themselves"));
}

function difference(type: string, archive: Holding, found: Holding, reason: string): Difference {
  const archived = archive.records[type]?.count ?? 0;
  return { type, archived, found: found.records[type]?.count ?? 0, reason };
}

export interface Restoration {
  /** An index that is not lower than any of what was restored, nor of what there was before. */
  readonly index: number;
  /** Whether it is so long ago that Consul may have forgotten which keys were deleted since. */
  readonly isLongAgo: boolean;
}

/** What there is of one type. */
class Found {
  /** Records that are not newer than the restore, and records that do not say when they were written. */
  readonly old = new Fingerprints();
  readonly undated = new Fingerprints();
  newer = 0;
  /** Of the newer ones. */
  readonly keys = new Fingerprints();
  /** Records of the archive that are not there; and those of them that nothing accounts for, where each can be told. */
  missing = 0;
  lost = 0;
}

/** What a cluster holds of some types, against what the archive does: first `see` all of the cluster, then of the archive. */
export class Findings {
  private readonly byType: ReadonlyMap<string, Found>;
  private readonly tables = new Map<string, number>();
  /** Keys, and prefixes of keys: a recursive delete leaves one tombstone, which looks like that of one key. */
  private readonly deleted = new Set<string>();

  constructor(
    types: readonly string[],
    private readonly since: Restoration,
  ) {
    this.byType = new Map(types.map((type) => [type, new Found()]));
  }

  /** Takes a record of the cluster. */
  readonly see = (record: SeenRecord): void => {
    const { value } = record;
    const type = typeName(record.type);
    if (type === INDEX_TYPE) {
      const table = value && tableOf(value);
      if (table !== undefined) this.tables.set(table[0], table[1]);
      return;
    }
    const found = this.byType.get(type);
    if (found === undefined && type !== TOMBSTONE_TYPE) return;
    const at = value && modifiedAt(record.type, value);
    const isNewer = at !== undefined && at > this.since.index;
    const key = isNewer && value !== undefined ? keyOf(value) : undefined;
    if (type === TOMBSTONE_TYPE && key !== undefined) this.deleted.add(key);
    if (found === undefined) return;
    if (isNewer) {
      found.newer++;
      if (type === KVS_TYPE && key !== undefined) found.keys.add(digestOf(key));
    } else (at === undefined ? found.undated : found.old).add(saidBy(record));
  };

  /** Takes a record of the archive. */
  readonly seeArchived = (record: SeenRecord): void => {
    const type = typeName(record.type);
    const found = this.byType.get(type);
    if (found === undefined) return;
    const said = saidBy(record);
    if (found.old.tick(said) || found.undated.tick(said)) return;
    found.missing++;
    if (type === KVS_TYPE && !this.isAccountedFor(found, record)) found.lost++;
  };

  /** How one type came to be as it is. */
  explain(type: string): Explanation {
    const found = this.byType.get(type);
    if (found === undefined) throw new Error(`${type} was not looked at`);
    // Where no table tells, a record that does not say when it was written may be new, and takes the place of one.
    const isTableNewer = TABLES[type] === undefined || this.isNewer(TABLES[type]);
    const undated = found.undated.unticked;
    const strange = found.old.unticked + (isTableNewer ? 0 : undated);
    const newer = found.newer + (isTableNewer ? undated : 0);
    const lost = this.lost(type, found, newer, isTableNewer ? undated : 0);
    return { missing: found.missing, lost, strange, newer, isExplained: strange === 0 && lost === 0 };
  }

  private lost(type: string, { missing, lost }: Found, newer: number, undated: number): number {
    // A value too large to be held may have been written over any key.
    if (type === KVS_TYPE) return Math.max(0, lost - undated);
    if (TABLES[type] === undefined) return Math.max(0, missing - newer);
    if (!this.isNewer(TABLES[type])) return missing;
    // Each of Raft's entries writes or deletes one configuration entry. Of the other kinds one may delete many.
    const writes = (this.tables.get(TABLES[type] ?? "") ?? 0) - this.since.index;
    return type === CONFIG_ENTRY_TYPE ? Math.max(0, missing - newer - writes) : 0;
  }

  /** Whether a key of the archive was written over or deleted after the restore. */
  private isAccountedFor({ keys }: Found, { value }: SeenRecord): boolean {
    const key = value && keyOf(value);
    if (key === undefined) return this.isNewer(TABLES[KVS_TYPE]);
    if (keys.has(digestOf(key))) return true;
    if (this.since.isLongAgo && this.isNewer("tombstones")) return true;
    if (this.deleted.size === 0) return false;
    for (let end = 1; end <= key.length; end++) if (this.deleted.has(key.slice(0, end))) return true;
    return false;
  }

  private isNewer(table: string | undefined): boolean {
    return (this.tables.get(table ?? "") ?? 0) > this.since.index;
  }
}

export interface Explanation {
  /** Records of the archive that are not there. */
  readonly missing: number;
  /** Those of them that no write after the restore accounts for. */
  readonly lost: number;
  /** Records that are there, are not of the archive, and are not newer than the restore. */
  readonly strange: number;
  /** Records that were written after the restore. */
  readonly newer: number;
  /** Whether writes after the restore account for all of it. */
  readonly isExplained: boolean;
}

/** A difference in what users write, in words; none where only the bytes differ. */
export function inWords(type: string, explanation: Explanation, archive: Holding, found: Holding): Difference[] {
  const { missing, lost, strange, newer } = explanation;
  if (missing === 0 && strange === 0 && newer === 0) return [];
  const parts = [
    ...(newer > 0 ? [`${newer} written after the restore`] : []),
    ...(missing > lost ? [`${missing - lost} of the archive written over or deleted after it`] : []),
    ...(lost > 0 ? [`${lost} of the archive missing`] : []),
    ...(strange > 0 ? [`${strange} neither of the archive nor newer than the restore`] : []),
  ];
  return [difference(type, archive, found, parts.join(", "))];
}

/** Of what a record says: versions of Consul write the same records in other bytes. */
function saidBy({ type, sha256, value }: SeenRecord): string {
  return value === undefined ? sha256 : digestOf(meaningOf(type, value));
}

function digestOf(text: string): string {
  return hash("sha256", text, "binary");
}
