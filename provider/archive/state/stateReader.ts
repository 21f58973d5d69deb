/**
 * Walks `state.bin` while it streams by: a header, then records of a type byte and a msgpack value.
 *
 * Nothing here judges an archive: undecodable data is reported with its position, and the callers decide what it means.
 */

import { hash } from "node:crypto";
import { canonical, canonicalConfigEntry, canonicalPeering } from "./canonical";
import { Undecodable } from "./head";
import { LargeRecord } from "./largeRecord";
import type { KvOptions } from "./prefixes";
import { bodyOf } from "../recordTypeLookup";
import { CHUNKING_STATE, CONFIG_ENTRY, KVS, PEERING } from "../recordTypes";
import { isListBody } from "./recordCheck";
import { PLAIN_KV_VALUES, PlainKv } from "./plainKv";
import { Scanner } from "./scanner";
import { readHeader } from "./stateHeader";
import { type FoundKey, type StateProblem, Tally, type Tallied } from "./tally";
import { ValueDecoder } from "./valueDecoder";
import type { Work } from "./work";

/**
 * A record up to this size is kept in memory when it arrives in pieces, and its digest does not depend on the order of map
 * entries. A larger record is processed piece by piece. By default, Consul limits values to 512 KiB.
 */
export const HELD_BYTES = 1024 * 1024;
const LEAST_HELD = 4096;

export interface StateReport extends Tallied {
  /** The Raft index of the last change. */
  readonly lastIndex: number;
  /**
   * Whether a large write was in progress, with some of its chunks already in the log. Servers restore this; `consul snapshot
   * inspect` cannot decode it.
   */
  readonly hasChunks: boolean;
  /** Where and why the state cannot be decoded any further; the rest of the report covers the part before that. */
  readonly undecodable?: StateProblem;
}

/** One record, as a visitor receives it. */
export interface SeenRecord {
  readonly type: number;
  /** SHA-256 of its value, independent of the order of map entries; one character per byte. */
  readonly sha256: string;
  /** Its value, valid only during the call; absent if the record is too large to be kept in memory. */
  readonly value?: Buffer;
}

export class StateWalker {
  /** How many records were read. */
  records = 0;
  /** How much was decoded. */
  readonly work: Work = { values: 0 };
  private readonly tally: Tally;
  private readonly scanner = new Scanner(Buffer.from("Key"), this.work);
  private readonly decoder = new ValueDecoder(this.work);
  private readonly plainKv = new PlainKv();
  private lastIndex = 0;
  private headerBytes: number | undefined;
  /** Where the current record begins in `state.bin`. */
  private offset = 0;
  /** The beginning of an incomplete record; the next two fields are its length and how many bytes are needed to continue. */
  private held = Buffer.alloc(LEAST_HELD);
  private heldSoFar = 0;
  private wantedBytes = 0;
  /** After an incomplete record: the minimum number of bytes that the buffer must have. */
  private wanted = 0;
  private large: { type: number; value: LargeRecord; key: FoundKey; isPlainKv: boolean } | undefined;
  private undecodable: StateProblem | undefined;
  private hasChunks = false;

  /**
   * @param kv - count keys by prefix. Default: keys are not counted
   * @param see - receives the records in their order; an error that it throws ends the walk
   * @param heldBytes - `see` receives the values of records up to this size, in bytes
   */
  constructor(
    kv?: KvOptions,
    private readonly see?: (record: SeenRecord) => void,
    private readonly heldBytes = HELD_BYTES,
  ) {
    this.tally = new Tally(this.work, kv);
  }

  /** Processes the next bytes of `state.bin`. Does not refer to the chunk after the call. */
  push(chunk: Buffer): void {
    if (this.undecodable !== undefined) return;
    try {
      let at = 0;
      while (at < chunk.length) {
        if (this.large !== undefined) at = this.continueLarge(chunk, at);
        else if (this.heldSoFar > 0) at = this.continueHeld(chunk, at);
        else at = this.walk(chunk, at);
      }
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error;
      this.undecodable = { offset: this.offset, message: error.message };
    }
  }

  /** The report; to be called once, after the last chunk. */
  end(): StateReport {
    if (this.headerBytes === undefined && this.heldSoFar === 0) {
      this.undecodable ??= { offset: 0, message: "there is nothing in it" };
    } else if (this.heldSoFar > 0 || this.large !== undefined) {
      this.undecodable ??= { offset: this.offset, message: "the record is cut off" };
    }
    return {
      lastIndex: this.lastIndex,
      hasChunks: this.hasChunks,
      ...(this.undecodable && { undecodable: this.undecodable }),
      ...this.tally.report(),
    };
  }

  /** Processes all complete records, and keeps the rest. */
  private walk(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const end = this.take(chunk, at);
      if (end < 0) {
        this.hold(chunk, at);
        break;
      }
      at = end;
    }
    return chunk.length;
  }

  /** @returns the end of the record (or the header) that begins at `at`; -1 if it is incomplete */
  private take(buffer: Buffer, at: number): number {
    if (this.headerBytes === undefined) return this.takeHeader(buffer);
    const type = buffer[at] as number;
    if (type === KVS) {
      const plainEnd = this.plainKv.scan(buffer, at + 1);
      if (plainEnd >= 0) return this.takePlainKv(buffer, at, plainEnd);
    }
    const scanned = this.scan(buffer, at);
    if (typeof scanned === "number" && scanned - at > this.heldBytes) return this.takeLarge(buffer, at, scanned);
    const sorted = scanned instanceof Undecodable || scanned < 0 ? undefined : this.canonicalOf(buffer, at, scanned);
    if (scanned instanceof Undecodable || sorted === undefined) return this.takeRepeats(buffer, at, scanned);
    if (this.scanner.hasNumberKey) this.hasChunks = true;
    const value = buffer.subarray(at + 1, scanned);
    const sha256 = hash("sha256", sorted, "binary");
    const bytes = scanned - at;
    this.add(type, value, sha256, value, bytes, this.foundKey(buffer));
    this.show({ type, sha256, value });
    return scanned;
  }

  /** @returns the end of a record whose maps have no repeated key; -1 if it is incomplete */
  private scan(buffer: Buffer, at: number): number | Undecodable {
    try {
      return this.scanner.scan(buffer, at + 1, buffer[at] === CHUNKING_STATE);
    } catch (error) {
      if (error instanceof Undecodable) return error;
      throw error;
    }
  }

  /** @returns `undefined` if a map has a key twice */
  private canonicalOf(buffer: Buffer, at: number, end: number): Buffer | undefined {
    const value = buffer.subarray(at + 1, end);
    if (end - at > HELD_BYTES) return value;
    if (buffer[at] === CONFIG_ENTRY) return canonicalConfigEntry(value, this.work);
    if (buffer[at] === PEERING) return canonicalPeering(value, this.work);
    return this.scanner.inOrder ? value : canonical(value, this.work);
  }

  /**
   * Processes a record whose maps may have a key twice. Such a record is compared byte by byte: only Consul's decoder knows
   * its content.
   *
   * @param scanned - the end of the record if no key is repeated, or why it has none
   * @returns as `take` does
   */
  private takeRepeats(buffer: Buffer, at: number, scanned: number | Undecodable): number {
    const { scanner, decoder } = this;
    const type = buffer[at] as number;
    const held = buffer.subarray(0, at + HELD_BYTES);
    // Keys in ascending order cannot be repeated.
    const end = scanner.inOrder ? -1 : decoder.decode(held, at + 1, type === CHUNKING_STATE);
    const isKnown = !scanner.inOrder && decoder.hasRepeats && (end >= 0 || held.length === buffer.length);
    if (!isKnown) {
      if (scanned instanceof Undecodable) throw scanned;
      if (scanned >= 0) throw new Undecodable("a map has the same key twice");
      this.wanted = scanner.wanted;
      return -1;
    }
    this.wanted = decoder.wanted;
    if (end < 0) return -1;
    if (decoder.hasNumberKey) this.hasChunks = true;
    const value = buffer.subarray(at + 1, end);
    const sha256 = hash("sha256", value, "binary");
    this.add(type, value, sha256, value, end - at, decoder.key);
    this.show({ type, sha256 });
    return end;
  }

  private takePlainKv(buffer: Buffer, at: number, end: number): number {
    const value = buffer.subarray(at + 1, end);
    const sha256 = hash("sha256", value, "binary");
    const { keyFrom, keyTo } = this.plainKv;
    const { offset } = this;
    this.work.values += PLAIN_KV_VALUES;
    this.tally.addPlainKv(sha256, offset, this.nextSize(end - at), buffer, keyFrom, keyTo);
    if (this.see !== undefined) this.show({ type: KVS, sha256, ...(end - at <= this.heldBytes ? { value } : {}) });
    return end;
  }

  private takeHeader(buffer: Buffer): number {
    const header = readHeader(buffer, this.decoder);
    if (typeof header === "number") {
      this.wanted = header;
      return -1;
    }
    this.headerBytes = header.end;
    this.offset = header.end;
    this.lastIndex = header.lastIndex;
    return header.end;
  }

  private add(
    type: number,
    beginning: Buffer,
    sha256: string,
    value: Buffer | undefined,
    bytes: number,
    key: FoundKey,
    isChecked = false,
  ): void {
    const { offset } = this;
    this.tally.add({ type, beginning, sha256, value, offset, size: this.nextSize(bytes), isChecked }, key);
  }

  /** Counts a record of this size. @returns its size as Consul counts it: the first record includes the header */
  private nextSize(bytes: number): number {
    const { offset } = this;
    this.records += 1;
    this.offset += bytes;
    return offset === this.headerBytes ? offset + bytes : bytes;
  }

  /** An error of the visitor is not an error of the state, so it must not be reported as undecodable data. */
  private show(record: SeenRecord): void {
    try {
      this.see?.(record);
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error;
      throw new Error(`a record cannot be looked at: ${error.message}`, { cause: error });
    }
  }

  private foundKey(buffer: Buffer): FoundKey {
    const { found, foundFrom, foundTo } = this.scanner;
    return { descriptor: found, buffer, from: foundFrom, to: foundTo };
  }

  /** Keeps the beginning of a record until the rest arrives, unless the record is too large. */
  private hold(chunk: Buffer, from: number): void {
    this.wantedBytes = this.wanted - from;
    if (this.wantedBytes > this.heldBytes) this.beginLarge(chunk, from);
    else this.addHeld(chunk, from, chunk.length);
  }

  private addHeld(chunk: Buffer, from: number, to: number): void {
    const bytes = this.heldSoFar + to - from;
    if (bytes > this.held.length) {
      const larger = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(Math.max(bytes, this.wantedBytes))));
      this.held.copy(larger, 0, 0, this.heldSoFar);
      this.held = larger;
    }
    chunk.copy(this.held, this.heldSoFar, from, to);
    this.heldSoFar = bytes;
  }

  /** @returns where to continue in the chunk */
  private continueHeld(chunk: Buffer, from: number): number {
    const before = this.heldSoFar;
    // Each step decodes from the beginning of the record, so the buffered length doubles to keep the total cost linear.
    const bytes = Math.max(this.wantedBytes - before, Math.min(Math.max(LEAST_HELD, before), this.heldBytes - before));
    const to = Math.min(from + bytes, chunk.length);
    this.addHeld(chunk, from, to);
    if (this.heldSoFar < this.wantedBytes) return to;
    const beginning = this.held.subarray(0, this.heldSoFar);
    const end = this.take(beginning, 0);
    if (end >= 0) {
      this.heldSoFar = 0;
      return from + end - before;
    }
    this.wantedBytes = this.wanted;
    if (this.wantedBytes > this.heldBytes) {
      this.heldSoFar = 0;
      this.beginLarge(beginning, 0);
    }
    return to;
  }

  private beginLarge(buffer: Buffer, from: number): void {
    if (this.headerBytes === undefined) throw new Undecodable("its header is too large");
    const { found, foundFrom, foundTo } = this.scanner;
    const key = Buffer.from(buffer.subarray(foundFrom, foundTo));
    const type = buffer[from] as number;
    if (this.scanner.hasNumberKey) this.hasChunks = true;
    const { offset } = this;
    const onItem = isListBody(bodyOf(type) ?? "")
      ? (item: Buffer) => this.tally.checkItem(type, offset, item)
      : undefined;
    this.large = {
      type,
      value: new LargeRecord(type === CHUNKING_STATE, this.work, onItem),
      // A key that is still incomplete is longer than any that Consul accepts.
      key: { descriptor: foundTo <= buffer.length ? found : -1, buffer: key, from: 0, to: key.length },
      // Only the field `Value` can be large, and it is the last one: everything that is checked has arrived.
      isPlainKv: type === KVS && this.plainKv.endFrom(buffer, from + 1) >= 0,
    };
    this.large.value.push(buffer, from + 1);
  }

  /** A large record that one chunk holds gives the same report as one in pieces: two readings are compared. */
  private takeLarge(buffer: Buffer, at: number, end: number): number {
    this.beginLarge(buffer.subarray(0, end), at);
    this.endLarge();
    return end;
  }

  /** @returns where to continue in the chunk */
  private continueLarge(chunk: Buffer, from: number): number {
    const end = this.large?.value.push(chunk, from) ?? -1;
    if (end < 0) return chunk.length;
    this.endLarge();
    return end;
  }

  private endLarge(): void {
    const { large } = this;
    if (large === undefined) return;
    this.large = undefined;
    const { type, value, key, isPlainKv } = large;
    const sha256 = value.digest();
    const bytes = 1 + value.bytes;
    if (isPlainKv) this.tally.addPlainKv(sha256, this.offset, this.nextSize(bytes), key.buffer, key.from, key.to);
    else this.add(type, value.beginning, sha256, undefined, bytes, key, value.isPassedOn);
    this.show({ type, sha256 });
  }
}
