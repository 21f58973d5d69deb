/**
 * The sorted records of an archive, each as a row of digests: in memory up to a limit, beyond it as sorted runs in a temporary
 * file. So comparing large archives takes no more memory than comparing small ones.
 */

import { type Block, Spool } from "./spool";

export interface Row {
  /** The rank of the record's type: rows are sorted by rank, then by key, then by digests. */
  readonly rank: number;
  readonly type: number;
  readonly key: Buffer;
  /** The digests of the record, of the same length in all rows. */
  readonly digests: Buffer;
  readonly name: Buffer;
  /** Any other data of the row. */
  readonly detail: Buffer;
}

/** Length of a row's header: the lengths of key, name and detail, then rank and type. */
const HEAD = 14;
/** Length of the two digests of a row, in bytes. */
export const DIGESTS = 32;
/** Size of the rows in memory before they are written to the file. */
const HELD_BYTES = 16 * 1024 * 1024;

export class SortedRecords {
  readonly #spool: Spool;
  readonly #held: Buffer;
  readonly #runs: Block[] = [];
  #offsets: number[] = [];
  #bytes = 0;

  /**
   * @param heldBytes - rows up to this total size are kept in memory. Default: 16 MiB
   */
  constructor(heldBytes = HELD_BYTES) {
    this.#spool = new Spool();
    this.#held = Buffer.allocUnsafe(heldBytes);
  }

  /** @throws SnapshotError `STORE_FULL` */
  add(row: Row): void {
    const size = HEAD + DIGESTS + row.key.length + row.name.length + row.detail.length;
    if (this.#bytes + size > this.#held.length) this.#writeRun();
    if (size > this.#held.length) {
      const single = Buffer.allocUnsafe(size);
      writeRow(row, single, 0);
      this.#runs.push(this.#spool.write([single]));
      return;
    }
    writeRow(row, this.#held, this.#bytes);
    this.#offsets.push(this.#bytes);
    this.#bytes += size;
  }

  /** All rows, sorted. To be called once, after the last `add`. */
  *rows(): Generator<Row> {
    if (this.#runs.length === 0) {
      yield* this.#sorted(rowAt);
      return;
    }
    this.#writeRun();
    yield* merge(this.#runs.map((run) => rowsOf(this.#spool.read(run))));
  }

  close(): void {
    this.#spool.close();
  }

  *#sorted<T>(take: (bytes: Buffer, at: number) => T): Generator<T> {
    const held = this.#held;
    this.#offsets.sort((one, other) => compareHeld(held, one, other));
    for (const offset of this.#offsets) yield take(held, offset);
  }

  #writeRun(): void {
    if (this.#offsets.length === 0) return;
    this.#runs.push(this.#spool.write(this.#sorted((bytes, at) => bytes.subarray(at, at + sizeAt(bytes, at)))));
    this.#offsets = [];
    this.#bytes = 0;
  }
}

export function compareRows(one: Row, other: Row): number {
  return compareNames(one, other) || one.digests.compare(other.digests);
}

/** Compares rows by what they are about: zero if they describe the same record. */
export function compareNames(one: Row, other: Row): number {
  return one.rank - other.rank || one.type - other.type || one.key.compare(other.key);
}

function writeRow({ rank, type, key, digests, name, detail }: Row, bytes: Buffer, at: number): void {
  bytes.writeUInt32LE(key.length, at);
  bytes.writeUInt32LE(name.length, at + 4);
  bytes.writeUInt32LE(detail.length, at + 8);
  bytes[at + 12] = rank;
  bytes[at + 13] = type;
  let next = at + HEAD;
  for (const part of [digests, key, name, detail]) next += part.copy(bytes, next);
}

function sizeAt(bytes: Buffer, at: number): number {
  return HEAD + DIGESTS + bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8);
}

function rowAt(bytes: Buffer, at: number): Row {
  const digests = at + HEAD;
  const key = digests + DIGESTS;
  const name = key + bytes.readUInt32LE(at);
  const detail = name + bytes.readUInt32LE(at + 4);
  return {
    rank: bytes[at + 12] as number,
    type: bytes[at + 13] as number,
    digests: bytes.subarray(digests, key),
    key: bytes.subarray(key, name),
    name: bytes.subarray(name, detail),
    detail: bytes.subarray(detail, detail + bytes.readUInt32LE(at + 8)),
  };
}

function compareHeld(bytes: Buffer, one: number, other: number): number {
  const keyOf = (at: number): [number, number] => {
    const from = at + HEAD + DIGESTS;
    return [from, from + bytes.readUInt32LE(at)];
  };
  const [oneFrom, oneTo] = keyOf(one);
  const [otherFrom, otherTo] = keyOf(other);
  return (
    bytes.readUInt16BE(one + 12) - bytes.readUInt16BE(other + 12) ||
    bytes.compare(bytes, otherFrom, otherTo, oneFrom, oneTo) ||
    bytes.compare(bytes, other + HEAD, other + HEAD + DIGESTS, one + HEAD, one + HEAD + DIGESTS)
  );
}

function* rowsOf(pieces: Iterable<Buffer>): Generator<Row> {
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    while (bytes.length - at >= HEAD && bytes.length - at >= sizeAt(bytes, at)) {
      yield rowAt(bytes, at);
      at += sizeAt(bytes, at);
    }
    rest = bytes.subarray(at);
  }
}

/** Merges sorted runs. */
function* merge(runs: readonly Generator<Row>[]): Generator<Row> {
  // A binary heap by the runs' next rows: no row is smaller than that of its parent, which is at half its position.
  const heap: { row: Row; run: Generator<Row> }[] = [];
  const isSmaller = (one: number, other: number): boolean =>
    compareRows((heap[one] as (typeof heap)[0]).row, (heap[other] as (typeof heap)[0]).row) < 0;
  const swap = (one: number, other: number): void => {
    [heap[one], heap[other]] = [heap[other] as (typeof heap)[0], heap[one] as (typeof heap)[0]];
  };
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length && isSmaller(child, least)) least = child;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  for (const run of runs) {
    const first = run.next();
    if (first.done !== true) heap.push({ row: first.value, run });
  }
  for (let at = heap.length >> 1; at >= 0; at--) sink(at);
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top.row;
    const next = top.run.next();
    if (next.done === true) {
      const last = heap.pop() as (typeof heap)[0];
      if (last === top) continue;
      heap[0] = last;
    } else top.row = next.value;
    sink(0);
  }
}
