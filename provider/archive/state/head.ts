/**
 * The head of a msgpack value: what kind it is, and how much content follows. Every reader of records decodes heads with
 * this one decoder.
 *
 * It accepts what Consul's decoder (hashicorp/go-msgpack 0.5.5) accepts: the old specification, in which Consul writes, and
 * the new one. It fails where that decoder fails: on a descriptor that does not exist, and on a key that is not a string.
 */

export type Kind = "nil" | "bool" | "unsigned" | "signed" | "float" | "raw" | "list" | "map" | "extension";

/** Consul could not decode these bytes. */
export class Undecodable extends Error {}

export const NIL = 0xc0;

/**
 * The descriptors: from, to, kind, the number of length bytes that follow, and the fixed length of the content. Descriptors
 * that contain the length themselves are added below.
 */
const RANGES: readonly (readonly [from: number, to: number, kind: Kind, lengthBytes: number, fixed: number])[] = [
  [0x00, 0x7f, "unsigned", 0, 0],
  [0x80, 0x8f, "map", 0, 0],
  [0x90, 0x9f, "list", 0, 0],
  [0xa0, 0xbf, "raw", 0, 0],
  [0xc0, 0xc0, "nil", 0, 0],
  [0xc2, 0xc3, "bool", 0, 0],
  [0xc4, 0xc4, "raw", 1, 0],
  [0xc5, 0xc5, "raw", 2, 0],
  [0xc6, 0xc6, "raw", 4, 0],
  // The tag of an extension is part of its content.
  [0xc7, 0xc7, "extension", 1, 1],
  [0xc8, 0xc8, "extension", 2, 1],
  [0xc9, 0xc9, "extension", 4, 1],
  [0xca, 0xca, "float", 0, 4],
  [0xcb, 0xcb, "float", 0, 8],
  [0xcc, 0xcc, "unsigned", 0, 1],
  [0xcd, 0xcd, "unsigned", 0, 2],
  [0xce, 0xce, "unsigned", 0, 4],
  [0xcf, 0xcf, "unsigned", 0, 8],
  [0xd0, 0xd0, "signed", 0, 1],
  [0xd1, 0xd1, "signed", 0, 2],
  [0xd2, 0xd2, "signed", 0, 4],
  [0xd3, 0xd3, "signed", 0, 8],
  [0xd4, 0xd4, "extension", 0, 2],
  [0xd5, 0xd5, "extension", 0, 3],
  [0xd6, 0xd6, "extension", 0, 5],
  [0xd7, 0xd7, "extension", 0, 9],
  [0xd8, 0xd8, "extension", 0, 17],
  [0xd9, 0xd9, "raw", 1, 0],
  [0xda, 0xda, "raw", 2, 0],
  [0xdb, 0xdb, "raw", 4, 0],
  [0xdc, 0xdc, "list", 2, 0],
  [0xdd, 0xdd, "list", 4, 0],
  [0xde, 0xde, "map", 2, 0],
  [0xdf, 0xdf, "map", 4, 0],
  [0xe0, 0xff, "signed", 0, 0],
];

/** By descriptor. Only 0xc1 is missing: it is not a descriptor. */
const KINDS: (Kind | undefined)[] = Array.from({ length: 256 }, () => undefined);
const LENGTH_BYTES = new Uint8Array(256);
const FIXED = new Uint8Array(256);

for (const [from, to, kind, lengthBytes, fixed] of RANGES) {
  // The descriptor of a short map, list or string contains its length.
  const isCounted = from >= 0x80 && from < 0xc0;
  for (let descriptor = from; descriptor <= to; descriptor++) {
    KINDS[descriptor] = kind;
    LENGTH_BYTES[descriptor] = lengthBytes;
    FIXED[descriptor] = isCounted ? descriptor - from : fixed;
  }
}

/** @param descriptor - the first byte of a value */
export function isMap(descriptor: number): boolean {
  return KINDS[descriptor] === "map";
}

/** Whether Go decodes a value into a struct: a map, a list in the order of the fields, or nil. */
export function isStruct(descriptor: number): boolean {
  const kind = KINDS[descriptor];
  return kind === "map" || kind === "list" || kind === "nil";
}

/** Whether a value is a string or bytes, or nil. */
export function isRaw(descriptor: number): boolean {
  const kind = KINDS[descriptor];
  return kind === "raw" || kind === "nil";
}

/** Whether a value is an unsigned integer. */
export function isUnsigned(descriptor: number): boolean {
  return KINDS[descriptor] === "unsigned";
}

/** Whether a decoder that does not know the type reads a value as bytes, not as a string. */
export function isBytes(descriptor: number): boolean {
  return descriptor >= 0xc4 && descriptor <= 0xc6;
}

/** Whether a decoder that does not know the type reads a value as a string. */
export function isString(descriptor: number): boolean {
  return KINDS[descriptor] === "raw" && !isBytes(descriptor);
}

/** One head. An object can be reused to read many heads. */
export class Head {
  kind: Kind = "nil";
  descriptor = 0;
  /** Where the content begins: bytes, digits of a number, items, or keys and values. */
  content = 0;
  /** Length of the content in bytes; for a list the number of items, for a map the number of entries. */
  length = 0;
  /** After an incomplete head: the least number of bytes that the buffer must have. */
  wanted = 0;

  /**
   * Reads a head; its content may extend beyond the end of the buffer.
   *
   * @param at - where the value begins
   * @param end - where the buffer ends
   * @returns whether the head is complete; otherwise see `wanted`
   * @throws Undecodable if no value begins like this
   */
  tryRead(buffer: Buffer, at: number, end = buffer.length): boolean {
    if (at >= end) return this.incomplete(at + 1);
    const descriptor = buffer[at] as number;
    const kind = KINDS[descriptor];
    if (kind === undefined) throw new Undecodable(`no value begins with ${descriptor}`);
    this.descriptor = descriptor;
    this.kind = kind;
    return this.readLength(buffer, at + 1, end, LENGTH_BYTES[descriptor] as number, FIXED[descriptor] as number);
  }

  /**
   * Reads the head of a key as `tryRead` does.
   *
   * @param numberKeys - whether keys may be numbers as well as strings
   * @throws Undecodable if Consul does not accept the value as a key
   */
  tryReadKey(buffer: Buffer, at: number, numberKeys: boolean, end = buffer.length): boolean {
    if (at >= end) return this.incomplete(at + 1);
    const descriptor = buffer[at] as number;
    const kind = KINDS[descriptor];
    if (numberKeys && kind === "unsigned") return this.tryRead(buffer, at, end);
    this.descriptor = descriptor;
    this.kind = "raw";
    if (descriptor === NIL) return this.readLength(buffer, at + 1, end, 0, 0);
    // Consul's decoder looks at two bits only, and so reads 0xe0 to 0xff as lengths from 64.
    if ((descriptor & 0xa0) === 0xa0) return this.readLength(buffer, at + 1, end, 0, descriptor ^ 0xa0);
    if (!isString(descriptor)) throw new Undecodable(`no key begins with ${descriptor}`);
    return this.readLength(buffer, at + 1, end, LENGTH_BYTES[descriptor] as number, 0);
  }

  /**
   * Reads the head of a value that must be complete; of a list or map, only the head must be.
   *
   * @throws Undecodable
   */
  read(buffer: Buffer, at: number): this {
    if (!this.tryRead(buffer, at)) throw truncated();
    if (this.kind !== "list" && this.kind !== "map" && this.end > buffer.length) throw truncated();
    return this;
  }

  /**
   * Reads the head of a key as `read` does.
   *
   * @param numberKeys - whether keys may be numbers as well as strings. Default: only strings.
   * @throws Undecodable
   */
  readKey(buffer: Buffer, at: number, numberKeys = false): this {
    if (!this.tryReadKey(buffer, at, numberKeys) || this.end > buffer.length) throw truncated();
    return this;
  }

  /** The end of a value that is neither a list nor a map. */
  get end(): number {
    return this.content + this.length;
  }

  private readLength(buffer: Buffer, at: number, end: number, lengthBytes: number, fixed: number): boolean {
    const content = at + lengthBytes;
    if (content > end) return this.incomplete(content);
    this.content = content;
    this.length = lengthBytes === 0 ? fixed : fixed + bigEndian(buffer, at, lengthBytes);
    return true;
  }

  private incomplete(wanted: number): false {
    this.wanted = wanted;
    return false;
  }
}

/** The integer value of a head. @param head - of kind `unsigned` or `signed` */
export function integerOf(head: Head, buffer: Buffer): bigint {
  const { kind, descriptor, content, length } = head;
  if (length === 0) return kind === "unsigned" ? BigInt(descriptor) : BigInt(descriptor - 256);
  const digits = length === 8 ? buffer.readBigUInt64BE(content) : BigInt(bigEndian(buffer, content, length));
  return kind === "unsigned" ? digits : BigInt.asIntN(length * 8, digits);
}

function bigEndian(buffer: Buffer, at: number, bytes: number): number {
  if (bytes === 1) return buffer[at] as number;
  return bytes === 2 ? buffer.readUInt16BE(at) : buffer.readUInt32BE(at);
}

function truncated(): Undecodable {
  return new Undecodable("it is truncated");
}
