/**
 * One form for values that differ only in the order of their map entries: each map sorted by its keys.
 *
 * Go walks its maps in an order that changes from time to time, so two snapshots of one state differ in it. Structs are
 * written with sorted keys, so most records are in this form as they lie, and never come here.
 */

import {
  bigEndian,
  FIXED_BYTES,
  isMap,
  isRaw,
  isUnsigned,
  keyLength,
  keyLengthBytes,
  LENGTH_BYTES,
  NIL,
  Undecodable,
  unsignedBytes,
} from "./msgpack";
import { canonicalMessage } from "./protobuf";

interface Value {
  /** The canonical bytes. */
  readonly bytes: Buffer;
  readonly descriptor: number;
  /** The values in an array; keys and values in turn in a map. */
  readonly children?: readonly Value[];
  /** Where the content of a string or of bytes begins. */
  readonly content: number;
}

/**
 * @param bytes - one whole value that the scanner has found the end of
 * @throws Undecodable where a map has a key twice and Consul's decoder cannot put the second over the first
 */
export function canonical(bytes: Buffer): Buffer {
  return read(bytes, 0).value.bytes;
}

/**
 * A configuration entry is values within a value: its kind and a request, encoded once more as bytes; and in some kinds
 * the entry within that request once more again.
 *
 * @param bytes - one whole value; as it is where it is not of this kind
 * @throws Undecodable as `canonical` does
 */
export function canonicalConfigEntry(bytes: Buffer): Buffer {
  const { value } = read(bytes, 0);
  if (!isRaw(value.descriptor)) return value.bytes;
  const parts = [bytes.subarray(0, value.content)];
  try {
    for (let at = value.content; at < bytes.length; ) {
      const inner = read(bytes, at, true);
      parts.push(inner.value.bytes);
      at = inner.end;
    }
  } catch {
    return bytes;
  }
  return Buffer.concat(parts);
}

/**
 * A peering is a protobuf message within a value.
 *
 * @param bytes - one whole value
 */
export function canonicalPeering(bytes: Buffer): Buffer {
  const { value } = read(bytes, 0);
  if (!isRaw(value.descriptor)) return value.bytes;
  return Buffer.concat([bytes.subarray(0, value.content), canonicalMessage(bytes.subarray(value.content))]);
}

/** @param nested - whether bytes that are a map, to their end, are to be sorted as one */
function read(buffer: Buffer, from: number, nested = false): { value: Value; end: number } {
  const descriptor = need(buffer, from);
  let at = from + 1;
  const kind = descriptor < 0xc0 || descriptor >= 0xe0 ? descriptor & 0xf0 : descriptor;
  if (kind === 0x80) return readMap(buffer, from, at, descriptor & 0x0f, nested);
  if (kind === 0x90) return readArray(buffer, from, at, descriptor & 0x0f, nested);
  let skip = kind === 0xa0 || kind === 0xb0 ? descriptor & 0x1f : 0;
  if (descriptor >= 0xc0 && descriptor < 0xe0) {
    const lengthBytes = LENGTH_BYTES[descriptor - 0xc0] as number;
    if (lengthBytes < 0) throw new Undecodable(`no value begins with ${descriptor}`);
    need(buffer, at + lengthBytes - 1);
    const length = lengthBytes === 0 ? 0 : bigEndian(buffer, at, lengthBytes);
    at += lengthBytes;
    if (descriptor >= 0xde) return readMap(buffer, from, at, length, nested);
    if (descriptor >= 0xdc) return readArray(buffer, from, at, length, nested);
    skip = length + (FIXED_BYTES[descriptor - 0xc0] as number);
  }
  const end = at + skip;
  if (end > buffer.length) throw new Undecodable("it is cut off");
  const inner = nested && isRaw(descriptor) ? nestedMap(buffer, at, end) : undefined;
  const bytes = inner === undefined ? buffer.subarray(from, end) : Buffer.concat([buffer.subarray(from, at), inner]);
  return { value: { bytes, descriptor, content: at }, end };
}

/** No text begins as a map does. */
function nestedMap(buffer: Buffer, from: number, to: number): Buffer | undefined {
  if (from === to || !isMap(buffer[from] as number)) return undefined;
  try {
    const { value, end } = read(buffer.subarray(0, to), from, true);
    return end === to ? value.bytes : undefined;
  } catch {
    return undefined;
  }
}

function readArray(
  buffer: Buffer,
  from: number,
  first: number,
  count: number,
  nested: boolean,
): { value: Value; end: number } {
  let at = first;
  const children: Value[] = [];
  for (let i = 0; i < count; i++) {
    const { value, end } = read(buffer, at, nested);
    children.push(value);
    at = end;
  }
  const bytes = Buffer.concat([buffer.subarray(from, first), ...children.map((child) => child.bytes)]);
  return { value: { bytes, descriptor: buffer[from] as number, children, content: first }, end: at };
}

function readMap(
  buffer: Buffer,
  from: number,
  first: number,
  count: number,
  nested: boolean,
): { value: Value; end: number } {
  let at = first;
  const entries: { key: Buffer; head: Value; value: Value }[] = [];
  for (let i = 0; i < count; i++) {
    const descriptor = need(buffer, at);
    // The scanner has refused keys that are numbers where Consul would.
    const isNumber = isUnsigned(descriptor);
    const keyFrom = isNumber ? at : at + 1 + keyLengthBytes(descriptor);
    const keyTo = isNumber ? at + 1 + unsignedBytes(descriptor) : keyFrom + keyLength(buffer, at);
    const { value, end } = read(buffer, keyTo, nested);
    const head = { bytes: buffer.subarray(at, keyTo), descriptor, content: keyFrom };
    entries.push({ key: buffer.subarray(keyFrom, keyTo), head, value });
    at = end;
  }
  // The sort is stable: of a key that comes twice, the first stays in front.
  entries.sort((one, other) => Buffer.compare(one.key, other.key));
  for (const [i, { key, value }] of entries.entries()) {
    const before = entries[i - 1];
    if (before?.key.equals(key) && !fitsOver(before.value, value)) {
      throw new Undecodable("a map has the same key twice");
    }
  }
  const children = entries.flatMap(({ head, value }) => [head, value]);
  const bytes = Buffer.concat([buffer.subarray(from, first), ...children.map((child) => child.bytes)]);
  return { value: { bytes, descriptor: buffer[from] as number, children, content: first }, end: at };
}

/**
 * Whether Consul's decoder can read a value where one of the same key is already: it decodes into what is there, and
 * what is there cannot be set, only filled.
 */
function fitsOver(present: Value, next: Value): boolean {
  if (present.descriptor === NIL || next.descriptor === NIL) return true;
  if (isMap(present.descriptor)) return isMap(next.descriptor);
  if (present.children !== undefined) {
    const there = present.children;
    const coming = next.children;
    if (coming === undefined || coming.length > there.length) return false;
    return coming.every((item, i) => fitsOver(there[i] as Value, item));
  }
  const isBytes = present.descriptor >= 0xc4 && present.descriptor <= 0xc6;
  if (!isBytes || !isRaw(next.descriptor)) return false;
  const length = next.bytes.length - next.content;
  return length === 0 || length === present.bytes.length - present.content;
}

function need(buffer: Buffer, at: number): number {
  const byte = buffer[at];
  if (byte === undefined) throw new Undecodable("it is cut off");
  return byte;
}
