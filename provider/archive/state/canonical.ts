/**
 * One form for values that differ only in the order of their map entries: each map sorted by its keys.
 *
 * Go iterates over maps in random order, so two snapshots of the same state differ in it. Structs are written with sorted keys,
 * so most records are already in this form and are never passed to this file.
 *
 * The form has as many bytes as the value. Each value is read once and copied once, directly to its final place, so the cost
 * does not depend on the depth of nesting.
 */

import { compareBytes } from "./compareBytes";
import { Head, isMap, isRaw, isStruct, NIL, Undecodable } from "./head";
import { canonicalMessage } from "./protobuf";
import { MAX_DEPTH } from "./scanner";
import type { Work } from "./work";

/** Maximum number of values in a record that must be sorted. A configuration entry of 512 KiB has some 50,000. */
const MAX_VALUES = 100_000;
/** Maximum number of map entries that are sorted in one record: sorting takes longer than reading. */
const MAX_SORTED = 5000;
/** Bytes that begin like a map but are not one count as this many values, because throwing and catching an error is slow. */
const FAILURE_VALUES = 100;

/** A piece of the value: a range of its bytes, unchanged, or a sequence of other pieces. */
interface Piece {
  readonly from: number;
  readonly to: number;
  /** `undefined` if the piece is already canonical. */
  readonly parts: readonly Piece[] | undefined;
}

/** A map contains a key twice: its values cannot be sorted, because Consul decodes the second into the first. */
class RepeatedKey extends Undecodable {}

/**
 * @param bytes - one whole value that the scanner has found the end of
 * @returns `undefined` if a map has a key twice
 * @throws Undecodable if there is too much to sort
 */
export function canonical(bytes: Buffer, work: Work): Buffer | undefined {
  const reader = new CanonicalReader(bytes, work);
  try {
    const to = reader.read(0, bytes.length, false, 0);
    return written(bytes, { from: 0, to, parts: reader.parts });
  } catch (error) {
    if (error instanceof RepeatedKey) return undefined;
    throw error;
  }
}

/**
 * A configuration entry is a byte string that contains two encoded values, its kind and a request. In some kinds, the entry
 * in that request is again encoded as bytes.
 *
 * @param bytes - one whole value; returned unchanged if it is not a configuration entry
 * @returns `undefined` if a map has a key twice
 * @throws Undecodable as `canonical` does
 */
export function canonicalConfigEntry(bytes: Buffer, work: Work): Buffer | undefined {
  const head = new Head().read(bytes, 0);
  if (!isRaw(head.descriptor)) return canonical(bytes, work);
  const reader = new CanonicalReader(bytes, work);
  const parts: Piece[] = [asItLies(0, head.content)];
  try {
    for (let at = head.content; at < bytes.length; ) {
      const to = reader.read(at, bytes.length, true, 0);
      parts.push({ from: at, to, parts: reader.parts });
      at = to;
    }
  } catch (error) {
    if (error instanceof Undecodable) return bytes;
    throw error;
  }
  return written(bytes, { from: 0, to: bytes.length, parts });
}

/**
 * A peering is a protobuf message within a value.
 *
 * @param bytes - one whole value
 * @returns `undefined` if a map has a key twice
 */
export function canonicalPeering(bytes: Buffer, work: Work): Buffer | undefined {
  const head = new Head().read(bytes, 0);
  if (!isRaw(head.descriptor)) return canonical(bytes, work);
  return Buffer.concat([bytes.subarray(0, head.content), canonicalMessage(bytes.subarray(head.content))]);
}

/** The concatenated pieces. */
function written(bytes: Buffer, whole: Piece): Buffer {
  if (whole.parts === undefined) return bytes.subarray(whole.from, whole.to);
  const target = Buffer.allocUnsafe(bytes.length);
  let at = 0;
  const write = ({ from, to, parts }: Piece): void => {
    if (parts === undefined) at += bytes.copy(target, at, from, to);
    else for (const part of parts) write(part);
  };
  write(whole);
  return target.subarray(0, at);
}

class CanonicalReader {
  /** The pieces of the value that was read last; `undefined` if it is already canonical. */
  parts: readonly Piece[] | undefined;
  private readonly head = new Head();
  private values = 0;
  private sortedEntries = 0;

  constructor(
    private readonly buffer: Buffer,
    private readonly work: Work,
  ) {}

  /**
   * @param limit - the end of the bytes that contain the value
   * @param nested - whether to sort byte strings that consist of exactly one map
   * @returns where the value ends; its pieces are in `parts`
   */
  read(from: number, limit: number, nested: boolean, depth: number): number {
    // Byte strings that contain maps count as levels, too; deeper byte strings stay unchanged.
    if (depth > MAX_DEPTH) throw new Undecodable(`it is nested more than ${MAX_DEPTH} levels deep`);
    if (++this.values > MAX_VALUES) throw new Undecodable(`it has more than ${MAX_VALUES} values out of order`);
    this.work.values++;
    const { kind, descriptor, content, length } = this.head.read(this.buffer, from);
    if (kind === "map") return this.map(from, content, length, limit, nested, depth);
    if (kind === "list") return this.list(from, content, length, limit, nested, depth);
    const to = content + length;
    if (to > limit) throw new Undecodable("it is truncated");
    const inner = nested && isRaw(descriptor) ? this.nestedMap(content, to, depth) : undefined;
    this.parts = inner === undefined ? undefined : [asItLies(from, content), { from: content, to, parts: inner }];
    return to;
  }

  /** No UTF-8 text begins with the first byte of a map. */
  private nestedMap(from: number, to: number, depth: number): readonly Piece[] | undefined {
    if (from === to || !isMap(this.buffer[from] as number)) return undefined;
    try {
      return this.read(from, to, true, depth + 1) === to ? this.parts : undefined;
    } catch (error) {
      this.values += FAILURE_VALUES;
      if (error instanceof Undecodable && this.values <= MAX_VALUES) return undefined;
      throw error;
    }
  }

  private list(from: number, first: number, items: number, limit: number, nested: boolean, depth: number): number {
    let at = first;
    let parts: Piece[] | undefined;
    for (let item = 0; item < items; item++) {
      const to = this.read(at, limit, nested, depth + 1);
      if (this.parts !== undefined) {
        parts ??= [asItLies(from, at)];
        parts.push({ from: at, to, parts: this.parts });
      } else if (parts !== undefined) extend(parts, at, to);
      at = to;
    }
    this.parts = parts;
    return at;
  }

  private map(from: number, first: number, count: number, limit: number, nested: boolean, depth: number): number {
    const entries: Entry[] = [];
    let isAsItLies = true;
    let at = first;
    for (let index = 0; index < count; index++) {
      const entry = this.entry(at, limit, nested, depth);
      const before = entries.at(-1);
      if (entry.value.parts !== undefined) isAsItLies = false;
      else if (before !== undefined && compareKeys(this.buffer, before, entry) >= 0) isAsItLies = false;
      entries.push(entry);
      if (!isAsItLies) this.limitSorted(entries.length);
      at = entry.value.to;
    }
    this.parts = isAsItLies ? undefined : this.sorted(from, first, entries);
    return at;
  }

  private entry(at: number, limit: number, nested: boolean, depth: number): Entry {
    const isStructKey = nested && this.isStructKey(at);
    // The scanner has already refused numeric keys in the places where Consul does.
    const keyFrom = isStructKey ? at : this.keyContent(at);
    const keyTo = isStructKey ? this.read(at, limit, nested, depth + 1) : this.head.end;
    if (isStructKey && this.parts !== undefined) throw new Undecodable("a key is not written as Consul writes it");
    if (keyTo > limit) throw new Undecodable("it is truncated");
    const to = this.read(keyTo, limit, nested, depth + 1);
    return { at, keyFrom, keyTo, value: { from: keyTo, to, parts: this.parts } };
  }

  /** The keys of a map in a bound-api-gateway (1.15 and later) are structs, whose fields are sorted. */
  private isStructKey(at: number): boolean {
    const descriptor = this.buffer[at] ?? NIL;
    return descriptor !== NIL && isStruct(descriptor);
  }

  private keyContent(at: number): number {
    const { kind, content } = this.head.readKey(this.buffer, at, true);
    return kind === "unsigned" ? at : content;
  }

  private limitSorted(more: number): void {
    if (this.sortedEntries + more <= MAX_SORTED) return;
    throw new Undecodable(`it has more than ${MAX_SORTED} entries out of order`);
  }

  private sorted(from: number, first: number, entries: Entry[]): Piece[] {
    this.limitSorted(entries.length);
    this.sortedEntries += entries.length;
    entries.sort((one, other) => compareKeys(this.buffer, one, other));
    for (let i = 1; i < entries.length; i++) {
      const [before, entry] = [entries[i - 1] as Entry, entries[i] as Entry];
      if (compareKeys(this.buffer, before, entry) === 0) throw new RepeatedKey("a map has the same key twice");
    }
    const parts = [asItLies(from, first)];
    for (const { at, keyTo, value } of entries) parts.push(asItLies(at, keyTo), value);
    return parts;
  }
}

interface Entry {
  /** Where the key's head begins. The next two fields are the range of its content. */
  readonly at: number;
  readonly keyFrom: number;
  readonly keyTo: number;
  readonly value: Piece;
}

type Key = Pick<Entry, "keyFrom" | "keyTo">;

function compareKeys(buffer: Buffer, one: Key, other: Key): number {
  return compareBytes(buffer, one.keyFrom, one.keyTo, other.keyFrom, other.keyTo);
}

function asItLies(from: number, to: number): Piece {
  return { from, to, parts: undefined };
}

/** Adds an unchanged range of bytes; merges it with the previous one if they are adjacent. */
function extend(parts: Piece[], from: number, to: number): void {
  const last = parts.at(-1);
  if (last !== undefined && last.parts === undefined && last.to === from)
    parts[parts.length - 1] = asItLies(last.from, to);
  else parts.push(asItLies(from, to));
}
