/**
 * What a cluster holds after a restore against what the archive holds: first by digests, type by type; then, where a
 * digest differs, record by record. Pure: nothing here asks anybody.
 *
 * Records that only users and operators write (keys, ACLs, queries, configuration, intentions) must be those of the
 * archive, unless their own index says that they were written after the restore. All others (nodes, sessions, the CA)
 * are also written by servers and agents, which begin within seconds of a restore.
 */

import { hash } from "node:crypto";
import type { SeenRecord } from "../../archive/reader";
import { meaningOf } from "../../archive/meaning";
import { modifiedAt, tableOf } from "../../archive/modified";
import { typeName } from "../../archive/recordTypes";
import type { Holding } from "./attempt";
import type { Difference } from "./request";

/** By type: the table whose last write tells that something was deleted from it. */
const WRITTEN_BY_USERS: Readonly<Record<string, string>> = {
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

/** The types whose records differ between two snapshots. */
export function differingTypes(archive: Holding, found: Holding): { users: string[]; servers: string[] } {
  const types = [...new Set([...Object.keys(archive.records), ...Object.keys(found.records)])]
    .filter((type) => !NOT_COMPARED.includes(type) && archive.records[type]?.digest !== found.records[type]?.digest)
    .sort();
  return { users: types.filter(isUsers), servers: types.filter((type) => !isUsers(type)) };
}

function isUsers(type: string): boolean {
  return type in WRITTEN_BY_USERS;
}

/** The differences of kinds that servers and agents write by themselves. */
export function writtenByServers(types: readonly string[], archive: Holding, found: Holding): Difference[] {
  return types.map((type) => difference(type, archive, found, "servers and agents write these by themselves"));
}

function difference(type: string, archive: Holding, found: Holding, reason: string): Difference {
  const archived = archive.records[type]?.count ?? 0;
  return { type, archived, found: found.records[type]?.count ?? 0, reason };
}

/** Fingerprints of the records of some types: eight bytes a record. */
export class Prints {
  private readonly byType = new Map<string, Fingerprints>();

  constructor(types: readonly string[]) {
    for (const type of types) this.byType.set(type, new Fingerprints());
  }

  readonly see = (record: SeenRecord): void => this.byType.get(typeName(record.type))?.add(saidBy(record));

  of(type: string): BigUint64Array {
    return this.byType.get(type)?.sorted() ?? new BigUint64Array();
  }
}

/** What a cluster holds of some types: fingerprints of what is not newer than the restore, and what else counts. */
export class Findings {
  private readonly old: Prints;
  private readonly newer = new Map<string, number>();
  private readonly tables = new Map<string, number>();

  /** @param newerThan - an index that is not lower than any of what was restored */
  constructor(
    private readonly types: readonly string[],
    private readonly newerThan: number,
  ) {
    this.old = new Prints(types);
  }

  readonly see = (record: SeenRecord): void => {
    const type = typeName(record.type);
    const { value } = record;
    if (type === INDEX_TYPE) {
      const table = value && tableOf(value);
      if (table !== undefined) this.tables.set(table[0], table[1]);
    } else if (this.types.includes(type)) {
      const at = value && modifiedAt(record.type, value);
      if (at !== undefined && at > this.newerThan) this.newer.set(type, (this.newer.get(type) ?? 0) + 1);
      else this.old.see(record);
    }
  };

  /** How one type came to be as it is. */
  explain(type: string, archived: BigUint64Array): Explanation {
    const { missing, strange } = compare(archived, this.old.of(type));
    const newer = this.newer.get(type) ?? 0;
    const isTableNewer = (this.tables.get(WRITTEN_BY_USERS[type] ?? "") ?? 0) > this.newerThan;
    return { missing, strange, newer, isExplained: strange === 0 && (missing === 0 || isTableNewer) };
  }
}

export interface Explanation {
  /** Records of the archive that are not there. */
  readonly missing: number;
  /** Records that are there, are not of the archive, and are not newer than the restore. */
  readonly strange: number;
  /** Records that were written after the restore. */
  readonly newer: number;
  /** Whether writes after the restore account for all of it. */
  readonly isExplained: boolean;
}

/** A difference in what users write, in words; none where only the bytes differ. */
export function inWords(type: string, explanation: Explanation, archive: Holding, found: Holding): Difference[] {
  const { missing, strange, newer, isExplained } = explanation;
  if (missing === 0 && strange === 0 && newer === 0) return [];
  const parts = [
    ...(newer > 0 ? [`${newer} written after the restore`] : []),
    ...(missing > 0
      ? [`${missing} of the archive ${isExplained ? "written over or deleted after it" : "missing"}`]
      : []),
    ...(strange > 0 ? [`${strange} neither of the archive nor newer than the restore`] : []),
  ];
  return [difference(type, archive, found, parts.join(", "))];
}

/** Two sorted lists against each other. */
function compare(archived: BigUint64Array, there: BigUint64Array): { missing: number; strange: number } {
  let missing = 0;
  let strange = 0;
  let at = 0;
  let other = 0;
  while (at < archived.length || other < there.length) {
    const one = archived[at];
    const two = there[other];
    if (two === undefined || (one !== undefined && one < two)) {
      missing++;
      at++;
    } else if (one === undefined || two < one) {
      strange++;
      other++;
    } else {
      at++;
      other++;
    }
  }
  return { missing, strange };
}

/** Of what a record says: versions of Consul write the same records in other bytes. */
function saidBy({ type, sha256, value }: SeenRecord): string {
  return value === undefined ? sha256 : hash("sha256", meaningOf(type, value), "binary");
}

/** The first eight bytes of each record's hash. */
class Fingerprints {
  private list = new BigUint64Array(1024);
  private count = 0;

  add(sha256: string): void {
    if (this.count === this.list.length) {
      const larger = new BigUint64Array(this.count * 2);
      larger.set(this.list);
      this.list = larger;
    }
    this.list[this.count++] = Buffer.from(sha256.slice(0, 8), "latin1").readBigUInt64BE();
  }

  sorted(): BigUint64Array {
    return this.list.subarray(0, this.count).sort();
  }
}
