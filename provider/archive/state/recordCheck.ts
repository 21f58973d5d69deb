/**
 * Whether Consul's decoder takes a record, field by field, and whether the record has what the state store needs. A server
 * that restores an archive does not refuse a record that it cannot take: it crashes.
 *
 * The rules are those of hashicorp/go-msgpack 0.5.5, which Consul 1.8 to 1.16 decode with. Where that decoder would read
 * past the end of a value (a map where a string is written), the answer here is no.
 */

import { bodyOfKind } from "../recordTypes";
import { configEntryRequest, type FieldKind, fieldKind, type Scalar, type Struct } from "./fieldKinds";
import { Head, integerOf, isRaw, isString, isStruct, type Kind, Undecodable } from "./head";
import { structProblem } from "./structRules";
import { messageProblem } from "./protobuf";
import { MAX_DEPTH } from "./scanner";
import type { Work } from "./work";

/** Values of one record. The coordinates of 7,000 nodes, which are one record of 1 MiB, are 140,000. */
const MAX_VALUES = 200_000;

/** A record that is not what its type says. */
class Unfit extends Error {
  constructor(
    private readonly reason: string,
    private readonly path: readonly string[] = [],
  ) {
    super(reason);
  }

  /** The same, as seen from the struct that has the field. */
  within(field: string): Unfit {
    return new Unfit(this.reason, [field, ...this.path]);
  }

  /** The end of a sentence about the record. */
  get description(): string {
    return this.path.length === 0 ? this.reason : `has a ${this.path.join(".")} that ${this.reason}`;
  }
}

/**
 * @param body - as the table of record types names it
 * @param value - one whole value that the walker has found the end of
 * @param work - counts the values
 * @returns what is wrong, as the end of a sentence about the record
 */
export function recordProblem(body: string, value: Buffer, work: Work): string | undefined {
  try {
    const end = new RecordCheck(value, work).record(fieldKind(body));
    // A struct is read in another way than what it is in if its type is unknown.
    return end === value.length ? undefined : "has a map with the same key twice";
  } catch (error) {
    if (error instanceof Unfit) return error.description;
    // Within packed bytes nothing has been looked at before.
    if (error instanceof Undecodable) return `cannot be decoded: ${error.message}`;
    throw error;
  }
}

/**
 * What is wrong with a record that is too large to be held.
 *
 * @param descriptor - the first byte of its value
 */
export function beginningProblem(body: string, descriptor: number): string | undefined {
  const isBytes = body === "configEntry" || body.startsWith("message");
  return (isBytes ? isRaw(descriptor) : isStruct(descriptor)) ? undefined : "is not what its type says";
}

/**
 * The kind of a configuration entry, one character a byte.
 *
 * @param beginning - of the record's value: all of the kind, or the first bytes of one that is longer than any
 * @returns nothing where it does not begin with one
 */
export function configEntryKindOf(beginning: Buffer): string | undefined {
  try {
    const head = new Head();
    if (!head.tryRead(beginning, 0) || head.kind !== "raw") return undefined;
    const bytes = beginning.subarray(head.content, head.end);
    const kind = new Head();
    if (!kind.tryRead(bytes, 0) || kind.kind !== "raw") return undefined;
    return bytes.toString("latin1", kind.content, Math.min(kind.end, bytes.length));
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

class RecordCheck {
  private readonly head = new Head();
  /** Where the value begins whose head was read last. */
  private start = 0;

  private readonly most: number;

  constructor(
    private readonly buffer: Buffer,
    private readonly work: Work,
  ) {
    this.most = work.values + MAX_VALUES;
  }

  /**
   * Nothing in place of a whole record is a record without fields.
   *
   * @returns where it ends
   */
  record(kind: FieldKind, at = 0): number {
    const isNothing = this.head.read(this.buffer, at).kind === "nil";
    if (isNothing && (kind.is !== "struct" || kind.struct.required.length > 0) && kind.is !== "list") {
      throw new Unfit("is empty");
    }
    return this.value(kind, at, 0);
  }

  /** @returns where the value ends */
  value(kind: FieldKind, at: number, depth: number): number {
    this.count(depth);
    const head = this.head.read(this.buffer, at);
    this.start = at;
    if (kind.needed === true && (head.kind === "nil" || (head.kind === "raw" && head.length === 0))) {
      throw new Unfit("is empty");
    }
    if (head.kind === "nil") return head.content;
    switch (kind.is) {
      case "struct":
        return this.struct(kind.struct, depth);
      case "list":
        return this.list(kind.item, depth);
      case "map":
        return this.map(kind.item, kind.key, depth);
      case "packed":
        return this.packed(kind.inner);
      case "message":
        return this.message(kind.message);
      case "configEntry":
        return this.configEntry();
      case "any":
        return this.skip(at, depth);
      case "bytes":
        if (head.kind === "list" || head.kind === "map") return this.list(BYTE, depth);
        return this.scalar(kind.is);
      case "string":
      case "uuid":
      case "time":
      case "bool":
      case "int":
      case "uint":
      case "uint32":
      case "uint8":
      case "float":
      case "float32":
        return this.scalar(kind.is);
    }
  }

  private struct(struct: Struct, depth: number): number {
    const { kind, length } = this.head;
    // Consul also takes a list of the fields, in an order that differs from version to version; it never writes one.
    if (kind !== "map" && (kind !== "list" || length > 0)) throw new Unfit(`is ${SHOWN[kind]} instead of a map`);
    let missing = struct.required.length;
    const start = this.start;
    let at = this.head.content;
    // A bit for each field that has come, of 64 at the most.
    let [first, second] = [0, 0];
    for (let entry = 0; entry < length; entry++) {
      const key = this.head.readKey(this.buffer, at);
      at = key.end;
      const field = struct.find(this.buffer, key.content, key.end, entry);
      if (field === undefined) {
        at = this.skip(at, depth + 1);
        continue;
      }
      // Go would decode the second into what the first has left.
      const bit = 1 << (field.index % 32);
      const word = field.index < 32 ? first : second;
      if ((word & bit) !== 0) throw new Unfit(`has the field ${field.name} twice`);
      if (field.index < 32) first |= bit;
      else second |= bit;
      try {
        at = this.value(field.kind, at, depth + 1);
      } catch (error) {
        if (error instanceof Unfit) throw error.within(field.name);
        throw error;
      }
      if (field.kind.needed === true) missing -= 1;
    }
    const own = structProblem(struct.name, this.buffer, start);
    if (own !== undefined) throw new Unfit(own);
    if (missing > 0) throw new Unfit(`lacks ${struct.required.join(" or ")}`);
    return at;
  }

  /** A list of values; a map is a list of keys and values in turn to Consul. */
  private list(item: FieldKind, depth: number): number {
    const { kind, length, content } = this.head;
    if (kind !== "list" && kind !== "map") throw new Unfit(`is ${SHOWN[kind]} instead of a list`);
    const items = kind === "map" ? length * 2 : length;
    let at = content;
    for (let i = 0; i < items; i++) at = this.value(item, at, depth + 1);
    return at;
  }

  private map(item: FieldKind, key: FieldKind | undefined, depth: number): number {
    const { kind, length, content } = this.head;
    if (kind !== "map") throw new Unfit(`is ${SHOWN[kind]} instead of a map`);
    let at = content;
    for (let i = 0; i < length; i++) {
      at = key === undefined ? this.head.readKey(this.buffer, at).end : this.value(key, at, depth + 1);
      at = this.value(item, at, depth + 1);
    }
    return at;
  }

  private packed(inner: FieldKind): number {
    const bytes = this.raw();
    if (bytes.length === 0) throw new Unfit("is empty");
    const { end } = this.head;
    new RecordCheck(bytes, this.work).value(inner, 0, 0);
    return end;
  }

  private configEntry(): number {
    const bytes = this.raw();
    const { end } = this.head;
    const inner = new RecordCheck(bytes, this.work);
    const name = inner.head.read(bytes, 0);
    if (name.kind !== "raw") throw new Unfit("does not begin with its kind");
    const entry = bodyOfKind(bytes.toString("latin1", name.content, name.end));
    if (entry !== undefined) inner.record(configEntryRequest(entry), name.end);
    return end;
  }

  private message(message: string): number {
    const problem = messageProblem(message, this.raw());
    if (problem !== undefined) throw new Unfit(problem);
    return this.head.end;
  }

  private raw(): Buffer {
    const { kind, content, end } = this.head;
    if (kind !== "raw") throw new Unfit(`is ${SHOWN[kind]} instead of bytes`);
    return this.buffer.subarray(content, end);
  }

  private scalar(wanted: Exclude<Scalar, "any">): number {
    const { head, buffer } = this;
    const { kind, end } = head;
    if (!isOne(wanted, kind, head)) throw new Unfit(`is ${SHOWN[kind]} instead of a ${NAMES[wanted]}`);
    if (wanted === "uuid" && head.length > 0 && !isUuid(buffer, head.content, head.end))
      throw new Unfit("is not a UUID");
    if (wanted === "time" && !isTime(buffer, head.content, head.length)) throw new Unfit("is not a time");
    if (wanted === "float32" && Math.abs(floatOf(head, buffer)) > MAX_FLOAT_32) throw new Unfit("is too large");
    if (wanted !== "uint" && wanted !== "uint32" && wanted !== "uint8") return end;
    const value = integerOf(head, buffer);
    const most = wanted === "uint" ? MAX_64 : wanted === "uint32" ? 0xffff_ffffn : 0xffn;
    if (value < 0n || value > most) throw new Unfit(`is ${value}, which is out of range`);
    return end;
  }

  private count(depth: number): void {
    if (depth > MAX_DEPTH) throw new Unfit("is nested too deeply");
    if (++this.work.values > this.most) throw new Unfit(`has more than ${MAX_VALUES} values`);
  }

  /** @returns where a value ends, whatever it is */
  private skip(at: number, depth: number): number {
    this.count(depth);
    const { kind, length, content, end } = this.head.read(this.buffer, at);
    if (kind !== "map" && kind !== "list") return end;
    let next = content;
    for (let i = 0; i < length; i++) {
      if (kind === "map") next = this.head.readKey(this.buffer, next).end;
      next = this.skip(next, depth + 1);
    }
    return next;
  }
}

const BYTE: FieldKind = { is: "uint8" };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAX_64 = 2n ** 64n - 1n;
const MAX_FLOAT_32 = 3.4028234663852886e38;

/** Kinds of values, as messages call them. */
const SHOWN: Readonly<Record<Kind, string>> = {
  nil: "nil",
  bool: "a boolean",
  unsigned: "a number",
  signed: "a negative number",
  float: "a floating-point number",
  raw: "a string",
  list: "a list",
  map: "a map",
  extension: "a time",
};

const NAMES: Readonly<Record<Exclude<Scalar, "any">, string>> = {
  string: "string",
  uuid: "string",
  bytes: "string",
  bool: "boolean",
  int: "number",
  uint: "number",
  uint32: "number",
  uint8: "number",
  float: "number",
  float32: "number",
  time: "time",
};

function isOne(wanted: Exclude<Scalar, "any">, kind: Kind, { descriptor }: Head): boolean {
  switch (wanted) {
    case "string":
    case "uuid":
      return kind === "raw" && isString(descriptor);
    case "bytes":
    case "time":
      return kind === "raw";
    case "bool":
      return kind === "bool" || descriptor === 0 || descriptor === 1;
    case "float":
    case "float32":
      return kind === "float" || kind === "unsigned" || kind === "signed";
    case "int":
    case "uint":
    case "uint32":
    case "uint8":
      return kind === "unsigned" || kind === "signed";
  }
}

/** As go-memdb takes it for an index: in hexadecimal digits of either case. */
function isUuid(buffer: Buffer, from: number, to: number): boolean {
  return UUID.test(buffer.toString("latin1", from, to));
}

/** Go's binary form of a time: version 1 has 15 bytes, version 2 has 16. */
function isTime(buffer: Buffer, from: number, length: number): boolean {
  return (buffer[from] === 1 && length === 15) || (buffer[from] === 2 && length === 16);
}

function floatOf(head: Head, buffer: Buffer): number {
  if (head.kind !== "float") return Number(integerOf(head, buffer));
  return head.length === 4 ? buffer.readFloatBE(head.content) : buffer.readDoubleBE(head.content);
}
