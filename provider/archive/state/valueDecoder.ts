/**
 * Where Consul sees the end of a value in which a map has a key twice, and whether Consul can decode the value.
 *
 * `consul snapshot inspect` decodes each record into an `interface{}`, and a key's second value into the result of the first.
 * That result decides which values may follow, and how their bytes are read: a map decoded into a list is a list of its keys
 * and values, and a list decoded into a map is a map of another length. Source: consul-net-rpc/go-msgpack, which is go-msgpack
 * 0.5.5 (`kInterface`, `kSlice` and `kMap` in decode.go); compared with `consul snapshot inspect` of 1.14.11.
 */

import { Head, integerOf, isBytes, isString, NIL, Undecodable } from "./head";
import { MAX_DEPTH } from "./scanner";
import type { FoundKey } from "./tally";
import type { Work } from "./work";

const NO_KEY: FoundKey = { descriptor: -1, buffer: Buffer.alloc(0), from: 0, to: 0 };

/**
 * The result of decoding a value, into which the next value of the same key is decoded: nothing, a value that cannot be set, a
 * map, bytes of some length, or a list of such results.
 */
type Left = null | "fixed" | "map" | number | Left[];

/** The buffer ends before the value does. */
class Incomplete extends Error {
  /** @param wanted - the least number of bytes that the buffer must have */
  constructor(readonly wanted: number) {
    super();
  }
}

/** A decoder can be reused for many values; its fields describe the last one. */
export class ValueDecoder {
  /** Whether a map had a key twice. */
  hasRepeats = false;
  /** Whether a map had a key that is a number. */
  hasNumberKey = false;
  /** The value of the outermost map's key `Key`. */
  key: FoundKey = NO_KEY;
  /** After an incomplete value: the least number of bytes that the buffer must have. */
  wanted = 0;

  private readonly head = new Head();
  private buffer: Buffer = Buffer.alloc(0);
  private at = 0;
  private numberKeys = false;

  constructor(private readonly work: Work) {}

  /**
   * @param at - where the value begins
   * @param numberKeys - whether keys may be numbers as well as strings. Default: only strings.
   * @returns where it ends; -1 if the buffer ends before it does
   * @throws Undecodable
   */
  decode(buffer: Buffer, at: number, numberKeys = false): number {
    this.buffer = buffer;
    this.at = at;
    this.numberKeys = numberKeys;
    this.hasRepeats = false;
    this.hasNumberKey = false;
    this.key = NO_KEY;
    try {
      this.over(null, 0);
      return this.at;
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
      this.wanted = error.wanted;
      return -1;
    }
  }

  /** Decodes the next value into the result of an earlier one. */
  private over(left: Left, depth: number): Left {
    if (depth > MAX_DEPTH) throw new Undecodable(`it is nested more than ${MAX_DEPTH} levels deep`);
    this.work.values++;
    if (left === null) return this.first(depth);
    if (this.byte(this.at) === NIL) {
      this.at += 1;
      return null;
    }
    if (left === "fixed") throw repeated();
    if (left === "map") return this.overMap(depth);
    return typeof left === "number" ? this.overBytes(left) : this.overList(left, depth);
  }

  private first(depth: number): Left {
    const { kind, descriptor, content, length } = this.readHead();
    this.at = content;
    if (kind === "map") return this.map(length, depth);
    if (kind === "list") {
      const items: Left[] = [];
      for (let item = 0; item < length; item++) items.push(this.over(null, depth + 1));
      return items;
    }
    this.skip(length);
    if (kind === "nil") return null;
    return isBytes(descriptor) ? length : "fixed";
  }

  private map(entries: number, depth: number): Left {
    const values = new Map<string, Left>();
    for (let entry = 0; entry < entries; entry++) {
      const key = this.readKey();
      const before = values.get(key);
      if (before !== undefined) this.hasRepeats = true;
      const from = this.at;
      const after = this.over(before ?? null, depth + 1);
      values.set(key, after);
      if (depth === 0 && key === "Key") this.foundKey(from, before ?? null, after);
    }
    return "map";
  }

  /** This step of Consul's decoder reads every descriptor above 0x7f as a length; for 0, the length is in the next byte. */
  private overMap(depth: number): Left {
    const descriptor = this.byte(this.at);
    let entries = descriptor ^ 0x80;
    if (descriptor === 0xde || descriptor === 0xdf) {
      entries = this.readHead().length;
      this.at = this.head.content;
    } else if (descriptor === 0) {
      entries = this.byte(this.at + 1);
      this.at += 2;
    } else if (descriptor < 0x80) throw repeated();
    else this.at += 1;
    // The content of the first map does not matter: its values are replaced.
    for (let entry = 0; entry < entries; entry++) {
      this.readKey();
      this.over(null, depth + 1);
    }
    return "map";
  }

  private overList(left: Left[], depth: number): Left {
    const items = this.readItems(left.length);
    for (let item = 0; item < items; item++) left[item] = this.over(left[item] as Left, depth + 1);
    return left;
  }

  private overBytes(left: number): Left {
    const { kind, content, length } = this.readHead();
    if (kind === "raw") {
      if (length !== 0 && length !== left) throw repeated();
      this.at = content;
      this.skip(length);
      return left;
    }
    // Empty bytes are nil in Go and cannot be set.
    const items = left === 0 ? -1 : this.readItems(left);
    if (items < 0) throw repeated();
    for (let item = 0; item < items; item++) this.overByte();
    return left;
  }

  private overByte(): void {
    this.work.values++;
    const { head, buffer } = this;
    const { kind, content, length } = this.readHead();
    this.at = content;
    this.skip(length);
    if (kind === "nil") return;
    const value = kind === "unsigned" || kind === "signed" ? integerOf(head, buffer) : -1n;
    if (value < 0n || value > 0xffn) throw repeated();
  }

  /** @returns how many values follow: the items of a list, or the keys and values of a map */
  private readItems(most: number): number {
    const { kind, content, length } = this.readHead();
    const items = kind === "map" ? 2 * length : length;
    if ((kind !== "list" && kind !== "map") || items > most) throw repeated();
    this.at = content;
    return items;
  }

  /** Only nil can replace a string, so otherwise the first string is the result. */
  private foundKey(from: number, before: Left, after: Left): void {
    if (before !== null && after !== null) return;
    const { descriptor, content, end } = this.head.read(this.buffer, from);
    const [keyFrom, keyTo] = isString(descriptor) ? [content, end] : [0, 0];
    this.key = { descriptor, buffer: this.buffer, from: keyFrom, to: keyTo };
  }

  private readHead(): Head {
    if (!this.head.tryRead(this.buffer, this.at)) throw new Incomplete(this.head.wanted);
    return this.head;
  }

  private readKey(): string {
    const { head, buffer, at } = this;
    if (!head.tryReadKey(buffer, at, this.numberKeys)) throw new Incomplete(head.wanted);
    const { kind, content } = head;
    this.at = content;
    this.skip(head.length);
    if (kind === "unsigned") this.hasNumberKey = true;
    return buffer.toString("latin1", kind === "unsigned" ? at : content, this.at);
  }

  private skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.buffer.length) throw new Incomplete(this.at);
  }

  private byte(at: number): number {
    const byte = this.buffer[at];
    if (byte === undefined) throw new Incomplete(at + 1);
    return byte;
  }
}

function repeated(): Undecodable {
  return new Undecodable("a map has the same key twice");
}
