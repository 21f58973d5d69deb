/**
 * Msgpack as Consul's decoder takes it: both the old specification, in which Consul writes, and the new one.
 *
 * Where a value ends is all that most records need to be asked, so values are skipped and not built. What makes
 * Consul's decoder fail makes this one fail: a descriptor that does not exist, and a key that is no string.
 */

/** Nested deeper than any record of Consul; Consul itself goes on until its stack is full. */
const MAX_DEPTH = 1000;

/** Bytes that Consul could not decode. */
export class Undecodable extends Error {}

/** The descriptor bytes of msgpack that are asked for by name. */
export const NIL = 0xc0;

/** Whether a value is what Go decodes into a struct: a map, an array in the order of the fields, or nothing. */
export function isStruct(descriptor: number): boolean {
  const isArray = (descriptor >= 0x90 && descriptor <= 0x9f) || descriptor === 0xdc || descriptor === 0xdd;
  return isMap(descriptor) || isArray || descriptor === NIL;
}

export function isMap(descriptor: number): boolean {
  return (descriptor >= 0x80 && descriptor <= 0x8f) || descriptor === 0xde || descriptor === 0xdf;
}

/** Whether a value is what Go decodes into a string when it is not told what it is. */
export function isString(descriptor: number): boolean {
  return (descriptor >= 0xa0 && descriptor <= 0xbf) || (descriptor >= 0xd9 && descriptor <= 0xdb);
}

/** Whether a value is a string or bytes, or nothing. */
export function isRaw(descriptor: number): boolean {
  return isString(descriptor) || (descriptor >= 0xc4 && descriptor <= 0xc6) || descriptor === NIL;
}

/** Finds the ends of values in a buffer. It is used again and again: what it found last is in its fields. */
export class Scanner {
  /** Whether every map of the last value had its keys in ascending order, none of them twice. */
  inOrder = true;
  /** Whether a map had a key that is a number. */
  hasIntegerKey = false;
  /** The descriptor of the value of the key that was looked for, at the outermost level; -1 where it is not. */
  found = -1;
  /** Where the content of that value lies, if it is a string or bytes. */
  foundFrom = 0;
  foundTo = 0;
  /** After an incomplete value: the least number of bytes that the buffer must have. */
  wanted = 0;

  /** By depth: items or entries to come, whether they are entries of a map, and where the last key was. */
  private readonly left = new Float64Array(MAX_DEPTH + 1);
  private readonly isMap = new Uint8Array(MAX_DEPTH + 1);
  private readonly keyFrom = new Int32Array(MAX_DEPTH + 1);
  private readonly keyTo = new Int32Array(MAX_DEPTH + 1);

  /** @param lookFor - the key, at the outermost level, whose value is to be found */
  constructor(private readonly lookFor: Buffer = Buffer.alloc(0)) {}

  /**
   * @param at - where the value begins
   * @param integerKeys - whether keys may be numbers as well as strings
   * @returns where it ends; -1 if the buffer ends before it does
   * @throws Undecodable
   */
  scan(buffer: Buffer, at: number, integerKeys = false): number {
    const { left, isMap, keyFrom, keyTo } = this;
    const end = buffer.length;
    this.inOrder = true;
    this.hasIntegerKey = false;
    this.found = -1;
    this.foundFrom = 0;
    this.foundTo = 0;
    let depth = 0;
    left[0] = 1;
    isMap[0] = 0;
    for (;;) {
      let remaining = left[depth] as number;
      while (remaining === 0) {
        if (depth === 0) return at;
        depth -= 1;
        remaining = left[depth] as number;
      }
      left[depth] = remaining - 1;

      let isFound = false;
      if (isMap[depth] === 1) {
        at = this.skipKey(buffer, at, depth, integerKeys);
        if (at < 0) return -1;
        isFound = depth === 1 && this.isLookedFor(buffer, keyFrom[1] as number, keyTo[1] as number);
      }

      if (at >= end) return this.incomplete(at + 1);
      const descriptor = buffer[at] as number;
      at += 1;
      if (isFound) this.found = descriptor;
      if (descriptor < 0x80 || descriptor >= 0xe0) continue;

      let children = -1;
      let childIsMap = 0;
      let skip = 0;
      if (descriptor >= 0xa0 && descriptor < 0xc0) skip = descriptor & 0x1f;
      else if (descriptor < 0x90) {
        children = descriptor & 0x0f;
        childIsMap = 1;
      } else if (descriptor < 0xa0) children = descriptor & 0x0f;
      else {
        const lengthBytes = LENGTH_BYTES[descriptor - 0xc0] as number;
        if (lengthBytes < 0) throw new Undecodable(`no value begins with ${descriptor}`);
        skip = FIXED_BYTES[descriptor - 0xc0] as number;
        if (lengthBytes > 0) {
          if (at + lengthBytes > end) return this.incomplete(at + lengthBytes);
          const length = bigEndian(buffer, at, lengthBytes);
          at += lengthBytes;
          if (descriptor >= 0xdc && descriptor <= 0xdf) {
            children = length;
            childIsMap = descriptor >= 0xde ? 1 : 0;
          } else skip += length;
        }
      }
      if (children >= 0) {
        if (depth === MAX_DEPTH) throw new Undecodable(`it is nested more than ${MAX_DEPTH} levels deep`);
        depth += 1;
        left[depth] = children;
        isMap[depth] = childIsMap;
        keyFrom[depth] = -1;
      } else {
        if (isFound) {
          this.foundFrom = at;
          this.foundTo = at + skip;
        }
        at += skip;
        if (at > end) return this.incomplete(at);
      }
    }
  }

  /** @returns where the key ends; -1 if the buffer ends before it does */
  private skipKey(buffer: Buffer, at: number, depth: number, integerKeys: boolean): number {
    if (at >= buffer.length) return this.incomplete(at + 1);
    const descriptor = buffer[at] as number;
    let from = at;
    let to = at + 1;
    if (integerKeys && isUnsigned(descriptor)) {
      this.hasIntegerKey = true;
      to += unsignedBytes(descriptor);
    } else {
      from = to + keyLengthBytes(descriptor);
      if (from > buffer.length) return this.incomplete(from);
      to = from + keyLength(buffer, at);
    }
    if (to > buffer.length) return this.incomplete(to);
    const before = this.keyFrom[depth] as number;
    if (this.inOrder && before >= 0) {
      this.inOrder = compare(buffer, before, this.keyTo[depth] as number, from, to) < 0;
    }
    this.keyFrom[depth] = from;
    this.keyTo[depth] = to;
    return to;
  }

  private isLookedFor(buffer: Buffer, from: number, to: number): boolean {
    const { lookFor } = this;
    if (to - from !== lookFor.length) return false;
    for (let i = 0; i < lookFor.length; i++) if (buffer[from + i] !== lookFor[i]) return false;
    return true;
  }

  private incomplete(wanted: number): -1 {
    this.wanted = wanted;
    return -1;
  }
}

/** Whether a value is a number that is written without a sign. */
export function isUnsigned(descriptor: number): boolean {
  return descriptor < 0x80 || (descriptor >= 0xcc && descriptor <= 0xcf);
}

/** How many bytes behind the descriptor of such a number hold it. */
export function unsignedBytes(descriptor: number): number {
  return descriptor < 0x80 ? 0 : 1 << (descriptor - 0xcc);
}

/**
 * How many bytes behind a key's descriptor hold its length.
 *
 * @throws Undecodable where Consul takes no string
 */
export function keyLengthBytes(descriptor: number): number {
  if (isShortKey(descriptor) || descriptor === NIL) return 0;
  if (descriptor >= 0xd9 && descriptor <= 0xdb) return 1 << (descriptor - 0xd9);
  throw new Undecodable(`no key begins with ${descriptor}`);
}

/** The length of the key whose descriptor is at `at`, and whose length bytes are all there. */
export function keyLength(buffer: Buffer, at: number): number {
  const descriptor = buffer[at] as number;
  if (descriptor === NIL) return 0;
  // 0xe0 to 0xff are lengths from 64 up to Consul's decoder, which looks at two bits only.
  if (isShortKey(descriptor)) return descriptor ^ 0xa0;
  return bigEndian(buffer, at + 1, keyLengthBytes(descriptor));
}

function isShortKey(descriptor: number): boolean {
  return (descriptor & 0xa0) === 0xa0;
}

/** Bytes of the length that follows each descriptor from 0xc0 to 0xdf; -1 where there is no such descriptor. */
// prettier-ignore
export const LENGTH_BYTES = [
  0, -1, 0, 0, 1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4,
] as const;

/** Bytes that follow each of them in any case, the length aside: numbers, and an extension's tag. */
export const FIXED_BYTES = [
  0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 0, 0, 0, 0, 0, 0, 0,
] as const;

export function bigEndian(buffer: Buffer, at: number, bytes: number): number {
  if (bytes === 1) return buffer[at] as number;
  return bytes === 2 ? buffer.readUInt16BE(at) : buffer.readUInt32BE(at);
}

function compare(buffer: Buffer, from: number, to: number, otherFrom: number, otherTo: number): number {
  const shorter = Math.min(to - from, otherTo - otherFrom);
  for (let i = 0; i < shorter; i++) {
    const difference = (buffer[from + i] as number) - (buffer[otherFrom + i] as number);
    if (difference !== 0) return difference;
  }
  return to - from - (otherTo - otherFrom);
}
