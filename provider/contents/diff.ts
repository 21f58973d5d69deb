/**
 * Compares two archives: records are sorted by type and key in two tables of digests, which are then read side by side. Memory
 * grows neither with the archives nor with the number of differences.
 *
 * Records are compared as the proof of a restore compares them, so the two never disagree: by content, including the Raft
 * indexes of writes, excluding what servers compute.
 */

import type { SeenRecord } from "../archive/reader";
import { rewrittenKeysOf, typeName, writerOf } from "../archive/recordTypeLookup";
import type { Writer } from "../archive/recordTypes";
import { digestOfContent } from "../archive/state/contentDigest";
import { type Content, isFields } from "../archive/state/normalForm";
import { tooLarge } from "../archive/limits";
import { SnapshotError } from "../errors";
import { nearest } from "../suggestion";
import { cleanText } from "../text";
import { nameOf } from "./recordName";
import { compareNames, DIGESTS, SortedRecords, type Row } from "./sortedRecords";
import { type ArchiveSource, contentOfRecord, readRecords } from "./readRecords";
import { changedFields, type FieldChange, type ShownFields, storedFields } from "./shownFields";

export interface DiffOptions {
  /** Compare only records of these types, named as by `typeName`; all of them count. Default: all but bookkeeping. */
  readonly types?: readonly string[];
  /** Also report the values of fields. Default: only keys. */
  readonly values?: boolean;
  /** Ignore the Raft indexes of writes, for archives of different clusters. Default: they are compared. */
  readonly ignoreIndexes?: boolean;
  /** Called when the reading of the first archive, and then of the second, begins. */
  readonly reading?: (source: ArchiveSource) => void;
  /** Limit of the rows in memory, in bytes per archive. Default: that of `SortedRecords`. */
  readonly heldBytes?: number;
}

export interface Difference {
  readonly type: string;
  readonly change: "added" | "removed" | "changed";
  /** Identifies the record among those of its type; keys need not be UTF-8. Empty if the type has only one record. */
  readonly key: Buffer;
  /** The record's name for people, if that is not the key. */
  readonly name: Buffer;
  /** Present if values were requested, except for types whose values are never shown. */
  readonly fields?: readonly FieldChange[];
}

/** The records of one type. */
export interface TypeDifferences {
  readonly type: string;
  readonly writer: Writer;
  readonly same: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

export interface DiffSummary {
  /** Whether no relevant record differs: by default those that users write, otherwise those of the requested types. */
  readonly same: boolean;
  readonly types: readonly TypeDifferences[];
}

/** Maximum number of records with the same type and key; no archive of Consul has as many. */
const MAX_OF_ONE_KEY = 10_000;
const INDEXES: readonly string[] = ["CreateIndex", "ModifyIndex", "LockIndex", "PrimaryModifyIndex"];
const NOTHING = Buffer.alloc(0);

/** The names that `DiffOptions.types` accepts. */
export const TYPE_NAMES: readonly string[] = Array.from({ length: 64 }, (_, type) => typeName(type)).filter(
  (name) => !name.startsWith("Unknown"),
);

/** @throws SnapshotError `ARGUMENT_INVALID` if there is no such type */
export function readTypeName(text: string): string {
  const found = TYPE_NAMES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(text, TYPE_NAMES);
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    `there is no type of record ${cleanText(text, 40)}`,
    near === undefined ? "inspect prints the types of the records in an archive." : `Did you mean ${near}?`,
  );
}

/**
 * @returns at the end: the counts, and whether the archives are the same
 * @throws SnapshotError `ARCHIVE_*`, `STATE_UNDECODABLE`, `STORE_FULL`, and what the sources throw
 */
export async function* diffArchives(
  one: ArchiveSource,
  other: ArchiveSource,
  options: DiffOptions = {},
): AsyncGenerator<Difference, DiffSummary> {
  const tables: SortedRecords[] = [];
  try {
    for (const source of [one, other]) {
      const table = new SortedRecords(options.heldBytes);
      tables.push(table);
      options.reading?.(source);
      await readRecords(source, (record) => addRecord(table, record, options));
    }
    const [left, right] = tables as [SortedRecords, SortedRecords];
    const counts = new Counts();
    for (const [a, b] of sideBySide(left.rows(), right.rows())) yield* differencesOf(a, b, counts);
    return counts.summary(options);
  } finally {
    for (const table of tables) table.close();
  }
}

function addRecord(table: SortedRecords, record: SeenRecord, { types, values, ignoreIndexes }: DiffOptions): void {
  const type = typeName(record.type);
  const writer = writerOf(type);
  if (types === undefined ? writer === "bookkeeping" : !types.includes(type)) return;
  const content = contentOfRecord(record);
  const bytesDigest = Buffer.from(record.sha256, "latin1");
  const isCompared = ignoreIndexes === true && content !== undefined;
  const digest = digestOfContent(record, isCompared ? withoutIndexes(content) : content);
  const { key, name = "" } = nameOf(record.type, content) ?? { key: `sha256:${bytesDigest.toString("hex")}` };
  if (rewrittenKeysOf(record.type)?.includes(key) === true) return;
  table.add({
    // Types that users write come first.
    rank: writer === "users" ? 0 : 1,
    type: record.type,
    key: Buffer.from(key, "latin1"),
    name: Buffer.from(name, "latin1"),
    digests: digestsOf(bytesDigest, digest === undefined ? bytesDigest : Buffer.from(digest, "latin1")),
    detail: values === true ? detailOf(record.type, content) : NOTHING,
  });
}

function detailOf(type: number, content: ReturnType<typeof contentOfRecord>): Buffer {
  const fields = storedFields(type, content);
  return fields === undefined ? NOTHING : Buffer.from(JSON.stringify(fields));
}

/** Removes the Raft indexes, also those of nested parts of a record. */
function withoutIndexes(content: Content): Content {
  if (Array.isArray(content)) return (content as readonly Content[]).map(withoutIndexes);
  if (!isFields(content)) return content;
  return Object.fromEntries(
    Object.entries(content)
      .filter(([name]) => !INDEXES.includes(name))
      .map(([name, value]) => [name, withoutIndexes(value)]),
  );
}

/** Half of each digest. Two records are the same if either half is equal. */
function digestsOf(bytes: Buffer, content: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, DIGESTS / 2), content.subarray(0, DIGESTS / 2)]);
}

function isSame(one: Row, other: Row): boolean {
  const half = DIGESTS / 2;
  return (
    one.digests.compare(other.digests, 0, half, 0, half) === 0 ||
    one.digests.compare(other.digests, half, DIGESTS, half, DIGESTS) === 0
  );
}

type Rows = readonly Row[];

/** The rows of both tables, grouped by name. */
function* sideBySide(left: Iterator<Row>, right: Iterator<Row>): Generator<readonly [Rows, Rows]> {
  const one = new Groups(left);
  const other = new Groups(right);
  for (;;) {
    const order = one.next === undefined ? 1 : other.next === undefined ? -1 : compareNames(one.next, other.next);
    if (one.next === undefined && other.next === undefined) return;
    yield [order <= 0 ? one.take() : [], order >= 0 ? other.take() : []];
  }
}

/** Groups sorted rows by name. */
class Groups {
  next: Row | undefined;

  constructor(private readonly rows: Iterator<Row>) {
    this.advance();
  }

  take(): Rows {
    const { next } = this;
    const group: Row[] = [];
    while (next !== undefined && this.next !== undefined && compareNames(next, this.next) === 0) {
      group.push(this.next);
      if (group.length > MAX_OF_ONE_KEY) {
        throw tooLarge(`the archive has more than ${MAX_OF_ONE_KEY} ${typeName(next.type)} records of one key`);
      }
      this.advance();
    }
    return group;
  }

  private advance(): void {
    const step = this.rows.next();
    this.next = step.done === true ? undefined : step.value;
  }
}

function* differencesOf(a: Rows, b: Rows, counts: Counts): Generator<Difference> {
  const removed = [...a];
  const added: Row[] = [];
  for (const row of b) {
    const at = removed.findIndex((other) => isSame(other, row));
    if (at === -1) added.push(row);
    else {
      counts.add(row.type, "same");
      removed.splice(at, 1);
    }
  }
  for (const [i, before] of removed.entries()) {
    const after = added[i];
    yield difference(after === undefined ? "removed" : "changed", before, after, counts);
  }
  for (const after of added.slice(removed.length)) yield difference("added", undefined, after, counts);
}

function difference(
  change: Difference["change"],
  before: Row | undefined,
  after: Row | undefined,
  counts: Counts,
): Difference {
  const { type, key, name } = (after ?? before) as Row;
  counts.add(type, change);
  const [from, to] = [fieldsOf(before), fieldsOf(after)];
  const isShown = (before === undefined || from !== undefined) && (after === undefined || to !== undefined);
  return {
    type: typeName(type),
    change,
    key,
    name,
    ...(isShown ? { fields: changedFields(from ?? {}, to ?? {}) } : {}),
  };
}

function fieldsOf(row: Row | undefined): ShownFields | undefined {
  if (row === undefined || row.detail.length === 0) return undefined;
  return JSON.parse(row.detail.toString()) as ShownFields;
}

class Counts {
  readonly #types = new Map<number, { same: number; added: number; removed: number; changed: number }>();

  add(type: number, what: Difference["change"] | "same"): void {
    const counts = this.#types.get(type) ?? { same: 0, added: 0, removed: 0, changed: 0 };
    counts[what]++;
    this.#types.set(type, counts);
  }

  summary({ types: asked }: DiffOptions): DiffSummary {
    const types = Array.from(this.#types, ([code, counts]) => {
      const type = typeName(code);
      return { type, writer: writerOf(type), ...counts };
    });
    const counting = types.filter(({ writer }) => asked !== undefined || writer === "users");
    return { same: counting.every(({ added, removed, changed }) => added + removed + changed === 0), types };
  }
}
