/**
 * Compares the contents of a cluster after a restore with those of the archive: first the digests of each type, then,
 * if a digest differs, the records one by one. Pure: no I/O.
 *
 * Some types of record (nodes, sessions, the CA) are also written by servers, agents and peers, starting within seconds
 * of a restore. All other types, including unknown ones, must equal the archive, unless the cluster itself shows that
 * records were overwritten or deleted after the restore.
 */

import { hash } from "node:crypto";
import type { SeenRecord } from "../archive/reader";
import { contentDigest } from "../archive/state/contentDigest";
import { configEntryName, keyOf, modifiedAt, tableOf } from "../archive/state/recordFields";
import { hasComputedFields, indexTableOf, restoredAs, typeName, writerOf } from "../archive/recordTypeLookup";
import { KVS } from "../archive/recordTypes";
import type { SnapshotContents } from "./attempt";
import { DeletedKeys } from "./deletedKeys";
import { Fingerprints } from "./fingerprints";
import type { Difference } from "./request";

const INDEX_TYPE = "Index";
const TOMBSTONE_TYPE = "Tombstone";
const KVS_TYPE = typeName(KVS);
const CONFIG_ENTRY_TYPE = "ConfigEntry";

/** The types whose records differ between two snapshots. */
export function differingTypes(
  archive: SnapshotContents,
  found: SnapshotContents,
): { users: string[]; servers: string[] } {
  const types = [...new Set([...Object.keys(archive.records), ...Object.keys(found.records)])]
    .filter((type) => writerOf(type) !== "bookkeeping" && archive.records[type]?.digest !== found.records[type]?.digest)
    .sort();
  return { users: types.filter((type) => !isServers(type)), servers: types.filter(isServers) };
}

/**
 * Whether records of a type with different digests may have the same content: digests include fields that servers
 * compute.
 */
export function mayHaveSameContent(type: string, one: SnapshotContents, other: SnapshotContents): boolean {
  return hasComputedFields(type) && countOf(type, one) === countOf(type, other);
}

function isServers(type: string): boolean {
  return writerOf(type) === "servers";
}

/**
 * The differences in types that servers, agents and peers write by themselves; these are not compared record by record.
 */
export function writtenByServers(
  types: readonly string[],
  archive: SnapshotContents,
  found: SnapshotContents,
): Difference[] {
  return types.map((type) => {
    const fewer = countOf(type, archive) - countOf(type, found);
    const note = fewer > 0 ? `; there are ${fewer} fewer than in the archive` : "";
    return difference(type, archive, found, `servers and agents write these by themselves${note}`);
  });
}

function countOf(type: string, { records }: SnapshotContents): number {
  return Object.hasOwn(records, type) ? (records[type]?.count ?? 0) : 0;
}

function difference(type: string, archive: SnapshotContents, found: SnapshotContents, reason: string): Difference {
  return { type, archived: countOf(type, archive), found: countOf(type, found), reason };
}

export interface Restoration {
  /** The highest index of the restored state and of the state before. */
  readonly index: number;
  /** Whether Consul may have removed the tombstones of keys that were deleted since. */
  readonly isLongAgo: boolean;
}

/** The findings of one type. */
class Found {
  /** Records that are not newer than the restore, and records without the index of their last write. */
  readonly old = new Fingerprints();
  readonly undated = new Fingerprints();
  /** Records whose content cannot be read: they can only be compared byte by byte. */
  readonly unreadable = new Fingerprints();
  /** Records with empty values that may mean something: their content with these. */
  readonly doubtful = new Fingerprints();
  newer = 0;
  /** The keys of the newer records. */
  readonly keys = new Fingerprints();
  /** Configuration entries of the archive that were written again after the restore. */
  overwritten = 0;
  /** Records of the archive that the cluster lacks, and how many of them nothing explains, if known. */
  missing = 0;
  lost = 0;
  /** Records of the archive whose content cannot be compared and for which the cluster has no identical bytes. */
  uncompared = 0;
  /** Records of the archive that the cluster has, except perhaps for empty values that may mean something. */
  inDoubt = 0;
  /** Records of another type in the archive that a restore converts to this type: they are among the old ones. */
  converted = 0;
}

/** Compares records of some types: first `see` all records of the cluster, then `seeArchived` those of the archive. */
export class Findings {
  private readonly byType: ReadonlyMap<string, Found>;
  private readonly tables = new Map<string, number>();
  private readonly deleted = new DeletedKeys();

  constructor(
    types: readonly string[],
    private readonly since: Restoration,
  ) {
    this.byType = new Map(types.map((type) => [type, new Found()]));
  }

  /** Adds a record of the cluster. */
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
      const written = type === CONFIG_ENTRY_TYPE ? value && configEntryName(value) : key;
      if (written !== undefined) found.keys.add(digestOf(written));
      return;
    }
    const digest = contentDigest(record);
    if (digest === undefined) {
      found.unreadable.add(record.sha256);
      return;
    }
    (at === undefined ? found.undated : found.old).add(digest.content);
    if (digest.doubtful !== undefined) found.doubtful.add(digest.doubtful);
  };

  /** Compares a record of the archive. */
  readonly seeArchived = (record: SeenRecord): void => {
    const type = typeName(record.type);
    const found = this.byType.get(type);
    if (found === undefined) return;
    const into = restoredAs(record.type);
    if (into !== undefined) {
      found.uncompared++;
      const others = this.byType.get(into);
      if (others !== undefined) others.converted++;
      return;
    }
    const digest = contentDigest(record);
    if (digest === undefined) {
      if (!found.unreadable.tick(record.sha256)) found.uncompared++;
      return;
    }
    const { content, doubtful } = digest;
    if (found.old.tick(content) || found.undated.tick(content)) {
      if (doubtful !== undefined && !found.doubtful.tick(doubtful)) found.inDoubt++;
      return;
    }
    found.missing++;
    if (type === KVS_TYPE && !this.isAccountedFor(found, record)) found.lost++;
    if (type === CONFIG_ENTRY_TYPE && isWrittenAgain(found, record)) found.overwritten++;
  };

  /** How the differences of one type can be explained. */
  explain(type: string): Explanation {
    const found = this.byType.get(type);
    if (found === undefined) throw new Error(`${type} was not looked at`);
    const table = indexTableOf(type);
    const isTableNewer = table === undefined || this.isNewer(table);
    // If no `Index` record covers the type, nothing dates a record without the index of its last write. Such a record may
    // be a later write, or one from before that the restore has left there.
    const undatable = table === undefined ? found.undated.unticked : 0;
    const replaced = Math.min(found.missing, undatable);
    const undated = found.undated.unticked - undatable;
    const others = found.old.unticked + (isTableNewer ? 0 : undated);
    const converted = Math.min(found.converted, others);
    const unexpected = others - converted;
    const newer = found.newer + (isTableNewer ? undated : 0);
    const lost = this.lost(type, found, newer + undatable, isTableNewer ? undated : 0);
    const unread = Math.max(found.uncompared, found.unreadable.unticked);
    const uncompared = unread + converted + undatable + found.inDoubt;
    const isExplained = unexpected === 0 && lost === 0 && uncompared === 0;
    return { missing: found.missing - replaced, lost, unexpected, newer, uncompared, isExplained };
  }

  private lost(type: string, { missing, lost, overwritten }: Found, newer: number, undated: number): number {
    // A value too large to buffer has no readable key, so it may have overwritten any key.
    if (type === KVS_TYPE) return Math.max(0, lost - undated);
    const table = indexTableOf(type);
    if (table === undefined) return Math.max(0, missing - newer);
    if (!this.isNewer(table)) return missing;
    // Each Raft entry writes or deletes only one configuration entry. For the other types, one Raft entry may delete many
    // records, as replication from the primary datacenter does.
    if (type !== CONFIG_ENTRY_TYPE) return 0;
    const deletions = Math.max(0, (this.tables.get(table) ?? 0) - this.since.index - newer);
    return Math.max(0, missing - overwritten - deletions);
  }

  /** Whether a key of the archive was overwritten or deleted after the restore. */
  private isAccountedFor({ keys }: Found, { value }: SeenRecord): boolean {
    const key = value && keyOf(value);
    if (key === undefined) return this.isNewer(indexTableOf(KVS_TYPE));
    if (keys.has(digestOf(key))) return true;
    if (this.since.isLongAgo && this.isNewer("tombstones")) return true;
    return this.deleted.covers(key);
  }

  private isNewer(table: string | undefined): boolean {
    return (this.tables.get(table ?? "") ?? 0) > this.since.index;
  }
}

/** Whether a configuration entry of the archive was written again after the restore. */
function isWrittenAgain({ keys }: Found, { value }: SeenRecord): boolean {
  const name = value && configEntryName(value);
  return name !== undefined && keys.has(digestOf(name));
}

export interface Explanation {
  /** Number of records of the archive that the cluster lacks, except those that count as `uncompared`. */
  readonly missing: number;
  /** How many of them no write after the restore explains. */
  readonly lost: number;
  /** Number of records of the cluster that are neither in the archive nor newer than the restore. */
  readonly unexpected: number;
  /** Records that were written after the restore. */
  readonly newer: number;
  /**
   * Number of records that differ byte by byte and cannot be compared, because their content is unreadable, a restore
   * changes its form, an empty value was lost that may mean something, or nothing dates a record that the archive lacks.
   */
  readonly uncompared: number;
  /** Whether writes after the restore explain all differences. */
  readonly isExplained: boolean;
}

/** Describes a difference in users' records; `undefined` if only the bytes differ. */
export function describeDifference(
  type: string,
  explanation: Explanation,
  archive: SnapshotContents,
  found: SnapshotContents,
): Difference[] {
  const { missing, lost, unexpected, newer, uncompared } = explanation;
  if (missing === 0 && unexpected === 0 && newer === 0 && uncompared === 0) return [];
  const parts = [
    ...(newer > 0 ? [`${newer} written after the restore`] : []),
    ...(missing > lost ? [`${missing - lost} of the archive overwritten or deleted after it`] : []),
    ...(lost > 0 ? [`${lost} of the archive missing`] : []),
    ...(unexpected > 0 ? [`${unexpected} unexpected: not in the archive, and older than the restore`] : []),
    ...(uncompared > 0 ? [`${uncompared} that cannot be compared`] : []),
  ];
  return [difference(type, archive, found, parts.join(", "))];
}

function digestOf(text: string): string {
  return hash("sha256", text, "binary");
}
