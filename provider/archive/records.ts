/**
 * Walks `state.bin` while it streams by: a header, then records of a type byte and a msgpack value.
 *
 * Nothing here judges an archive: what cannot be decoded is noted with its place, for whoever wants to restore it.
 */

import { hash } from "node:crypto";
import { canonical, canonicalConfigEntry, canonicalPeering } from "./canonical";
import { LargeRecord } from "./largeRecord";
import { Scanner, Undecodable } from "./msgpack";
import type { KvOptions } from "./prefixes";
import { CHUNKING_STATE, CONFIG_ENTRY, PEERING } from "./recordTypes";
import { readHeader } from "./stateHeader";
import { type FoundKey, type StateProblem, Tally, type Tallied } from "./tally";

/**
 * A record up to this size is held whole when it comes in pieces, and its maps are digested in no order. Of a larger
 * one only a piece at a time is there. Consul's values end at 512 KiB, unless it is told otherwise.
 */
export const HELD_BYTES = 1024 * 1024;
const LEAST_HELD = 4096;

export interface StateReport extends Tallied {
  /** Index of the last change. */
  readonly lastIndex: number;
  /**
   * Whether a large write was under way, part of it already in the log. Servers restore this; `consul snapshot inspect`
   * cannot decode it.
   */
  readonly hasChunks: boolean;
  /** Where and why the state cannot be decoded any further; the rest is what came before. */
  readonly undecodable?: StateProblem;
}

/** One record, for whoever wants to look at each. */
export interface SeenRecord {
  readonly type: number;
  /** SHA-256 of its value, map entries in no order: one character a byte. */
  readonly sha256: string;
  /** Its value, to be looked at within the call; left out where the record is too large to be held. */
  readonly value?: Buffer;
}

export class StateWalker {
  private readonly tally: Tally;
  private readonly scanner = new Scanner(Buffer.from("Key"));
  private lastIndex = 0;
  private headerBytes: number | undefined;
  /** Where the present record begins in `state.bin`. */
  private offset = 0;
  /** The beginning of a record whose end has not come yet, and how much of it there must be to know more. */
  private held = Buffer.alloc(LEAST_HELD);
  private heldBytes = 0;
  private wantedBytes = 0;
  private large: { type: number; descriptor: number; value: LargeRecord; key: FoundKey } | undefined;
  private undecodable: StateProblem | undefined;
  private hasChunks = false;

  /**
   * @param kv - count keys by prefix; left out, they are not
   * @param see - given each record in its order
   */
  constructor(
    kv?: KvOptions,
    private readonly see?: (record: SeenRecord) => void,
  ) {
    this.tally = new Tally(kv);
  }

  /** Takes the next bytes of `state.bin`, and keeps none of them beyond the call. */
  push(chunk: Buffer): void {
    if (this.undecodable !== undefined) return;
    try {
      let at = 0;
      while (at < chunk.length) {
        if (this.large !== undefined) at = this.continueLarge(chunk, at);
        else if (this.heldBytes > 0) at = this.continueHeld(chunk, at);
        else at = this.walk(chunk, at);
      }
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error;
      this.undecodable = { offset: this.offset, message: error.message };
    }
  }

  /** What there was; to be called once, at the end. */
  end(): StateReport {
    if (this.headerBytes === undefined && this.heldBytes === 0) {
      this.undecodable ??= { offset: 0, message: "there is nothing in it" };
    } else if (this.heldBytes > 0 || this.large !== undefined) {
      this.undecodable ??= { offset: this.offset, message: "the record is cut off" };
    }
    return {
      lastIndex: this.lastIndex,
      hasChunks: this.hasChunks,
      ...(this.undecodable && { undecodable: this.undecodable }),
      ...this.tally.report(),
    };
  }

  /** Takes all records that are whole, and holds what is left. */
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

  /** @returns where the record (or the header) ends that begins at `at`; -1 if it is not whole */
  private take(buffer: Buffer, at: number): number {
    if (this.headerBytes === undefined) return this.takeHeader(buffer);
    const { scanner } = this;
    const type = buffer[at] as number;
    const end = scanner.scan(buffer, at + 1, type === CHUNKING_STATE);
    if (end < 0) return -1;
    if (scanner.hasIntegerKey) this.hasChunks = true;
    const value = buffer.subarray(at + 1, end);
    let sorted = value;
    if (end - at <= HELD_BYTES) {
      if (type === CONFIG_ENTRY) sorted = canonicalConfigEntry(value);
      else if (type === PEERING) sorted = canonicalPeering(value);
      else if (!scanner.inOrder) sorted = canonical(value);
    }
    const sha256 = hash("sha256", sorted, "binary");
    this.add(type, end - at, value[0] as number, sha256, this.foundKey(buffer));
    this.see?.({ type, sha256, value });
    return end;
  }

  private takeHeader(buffer: Buffer): number {
    const header = readHeader(buffer, this.scanner);
    if (header === undefined) return -1;
    this.headerBytes = header.end;
    this.offset = header.end;
    this.lastIndex = header.lastIndex;
    return header.end;
  }

  private add(type: number, bytes: number, descriptor: number, sha256: string, key: FoundKey): void {
    // Consul counts the header's bytes as those of the first record.
    const size = this.offset === this.headerBytes ? this.offset + bytes : bytes;
    this.tally.add({ type, offset: this.offset, size, descriptor, sha256 }, key);
    this.offset += bytes;
  }

  private foundKey(buffer: Buffer): FoundKey {
    const { found, foundFrom, foundTo } = this.scanner;
    return { descriptor: found, buffer, from: foundFrom, to: foundTo };
  }

  /** Keeps the beginning of a record until the rest of it comes, unless it is too large for that. */
  private hold(chunk: Buffer, from: number): void {
    this.wantedBytes = this.scanner.wanted - from;
    if (this.wantedBytes > HELD_BYTES) this.beginLarge(chunk, from);
    else this.addHeld(chunk, from, chunk.length);
  }

  private addHeld(chunk: Buffer, from: number, to: number): void {
    const bytes = this.heldBytes + to - from;
    if (bytes > this.held.length) {
      const larger = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(Math.max(bytes, this.wantedBytes))));
      this.held.copy(larger, 0, 0, this.heldBytes);
      this.held = larger;
    }
    chunk.copy(this.held, this.heldBytes, from, to);
    this.heldBytes = bytes;
  }

  /** @returns where in the chunk to go on */
  private continueHeld(chunk: Buffer, from: number): number {
    const before = this.heldBytes;
    // Twice as much at each step, for each begins at the record's beginning.
    const bytes = Math.max(this.wantedBytes - before, Math.min(Math.max(LEAST_HELD, before), HELD_BYTES - before));
    const to = Math.min(from + bytes, chunk.length);
    this.addHeld(chunk, from, to);
    if (this.heldBytes < this.wantedBytes) return to;
    const beginning = this.held.subarray(0, this.heldBytes);
    const end = this.take(beginning, 0);
    if (end >= 0) {
      this.heldBytes = 0;
      return from + end - before;
    }
    this.wantedBytes = this.scanner.wanted;
    if (this.wantedBytes > HELD_BYTES) {
      this.heldBytes = 0;
      this.beginLarge(beginning, 0);
    }
    return to;
  }

  private beginLarge(buffer: Buffer, from: number): void {
    if (this.headerBytes === undefined) throw new Undecodable("its header is too large");
    const { found, foundFrom, foundTo } = this.scanner;
    const key = Buffer.from(buffer.subarray(foundFrom, foundTo));
    const type = buffer[from] as number;
    if (this.scanner.hasIntegerKey) this.hasChunks = true;
    this.large = {
      type,
      descriptor: buffer[from + 1] as number,
      value: new LargeRecord(type === CHUNKING_STATE),
      // A key that is not whole yet is longer than any that Consul takes.
      key: { descriptor: foundTo <= buffer.length ? found : -1, buffer: key, from: 0, to: key.length },
    };
    this.large.value.push(buffer, from + 1);
  }

  /** @returns where in the chunk to go on */
  private continueLarge(chunk: Buffer, from: number): number {
    const { large } = this;
    const end = large?.value.push(chunk, from) ?? -1;
    if (large === undefined || end < 0) return chunk.length;
    this.large = undefined;
    const { type, descriptor, value, key } = large;
    const sha256 = value.digest();
    this.add(type, 1 + value.bytes, descriptor, sha256, key);
    this.see?.({ type, sha256 });
    return end;
  }
}
