/**
 * Checks field by field whether Consul's decoder accepts a record, and whether the record has what the state store needs. A
 * server that restores an archive does not refuse a record that it cannot process: it crashes.
 *
 * The rules are those of hashicorp/go-msgpack 0.5.5, the decoder of Consul 1.8 to 1.16. A value that this decoder would read
 * past its end (a string that it reads as a map) is refused here.
 */

import { bodyOfKind } from "../recordTypeLookup";
import { configEntryRequest, type FieldKind, fieldKind, type Scalar, type Struct } from "./fieldKinds";
import { Head, integerOf, isRaw, isString, isStruct, type Kind, Undecodable } from "./head";
import { structProblem } from "./structRules";
import { messageProblem } from "./protobuf";
import { MAX_DEPTH } from "./scanner";
import type { Work } from "./work";

/** Maximum number of values in one record. The coordinates of 7,000 nodes, one record of 1 MiB, have 140,000. */
const MAX_VALUES = 200_000;

/** A record does not have the form of its type. */
class Unfit extends Error {
  constructor(
    private readonly reason: string,
    private readonly path: readonly string[] = [],
  ) {
    super(reason);
  }

  /** The same problem, described from the struct that contains the field. */
  within(field: string): Unfit {
    return new Unfit(this.reason, [field, ...this.path]);
  }

  /** The end of a sentence about the record. */
  get description(): string {
    return this.path.length === 0 ? this.reason : `has a ${this.path.join(".")} that ${this.reason}`;
  }
}

/**
 * @param body - the kind of the record's body, from the table of record types
 * @param value - one whole value that the walker has found the end of
 * @param work - counts the values
 * @returns what is wrong, as the end of a sentence about the record
 */
export function recordProblem(body: string, value: Buffer, work: Work): string | undefined {
  return problemOf(value, () => new RecordCheck(value, work).record(fieldKind(body)));
}

/** Whether the body of a record is a list, whose items can be checked one by one. */
export function isListBody(body: string): boolean {
  return fieldKind(body).is === "list";
}

/**
 * The same for one item of a record that is a list.
 *
 * @param body - the kind of the whole record's body
 */
export function itemProblem(body: string, item: Buffer, work: Work): string | undefined {
  const kind = fieldKind(body);
  if (kind.is !== "list") return undefined;
  return problemOf(item, () => new RecordCheck(item, work).value(kind.item, 0, 1));
}

/** @param check - returns where the value ends */
function problemOf(value: Buffer, check: () => number): string | undefined {
  try {
    const end = check();
    // A decoder that knows the struct ends elsewhere than one that does not if a map has the same key twice.
    return end === value.length ? undefined : "has a map with the same key twice";
  } catch (error) {
    if (error instanceof Unfit) return error.description;
    // The walker has not decoded packed bytes, so they can be invalid.
    if (error instanceof Undecodable) return `cannot be decoded: ${error.message}`;
    throw error;
  }
}

/**
 * What is wrong with a record that is too large to be kept in memory.
 *
 * @param descriptor - the first byte of its value
 */
export function beginningProblem(body: string, descriptor: number): string | undefined {
  const isBytes = body === "configEntry" || body.startsWith("message");
  return (isBytes ? isRaw(descriptor) : isStruct(descriptor)) ? undefined : "is not what its type says";
}

/**
 * The kind of a configuration entry, one character per byte.
 *
 * @param beginning - the first bytes of the record's value; they contain the whole kind unless it is longer than any valid one
 * @returns `undefined` if the value does not begin with a kind
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
  /** The beginning of the value whose head was read last. */
  private start = 0;

  private readonly most: number;

  constructor(
    private readonly buffer: Buffer,
    private readonly work: Work,
  ) {
    this.most = work.values + MAX_VALUES;
  }

  /**
   * A nil in place of a whole record is a record without fields.
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
    // Consul also accepts a list of the fields, in an order that differs between versions; it never writes one.
    if (kind !== "map" && (kind !== "list" || length > 0)) throw new Unfit(`is ${SHOWN[kind]} instead of a map`);
    let missing = struct.required.length;
    const start = this.start;
    let at = this.head.content;
    // One bit for each field that was present; a struct has at most 64 fields.
    let [first, second] = [0, 0];
    for (let entry = 0; entry < length; entry++) {
      const key = this.head.readKey(this.buffer, at);
      at = key.end;
      const field = struct.find(this.buffer, key.content, key.end, entry);
      if (field === undefined) {
        at = this.skip(at, depth + 1);
        continue;
      }
      // Go would decode the second value into the result of the first.
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

  /** A list of values; Consul reads a map as a list of alternating keys and values. */
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

  /** @returns the end of a value of any kind */
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

/** The names of kinds in messages. */
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

/** Whether go-memdb accepts the value in a UUID index: hexadecimal digits in upper or lower case. */
function isUuid(buffer: Buffer, from: number, to: number): boolean {
  return UUID.test(buffer.toString("latin1", from, to));
}

/** Whether bytes are Go's binary form of a time: version 1 has 15 bytes, version 2 has 16. */
function isTime(buffer: Buffer, from: number, length: number): boolean {
  return (buffer[from] === 1 && length === 15) || (buffer[from] === 2 && length === 16);
}

function floatOf(head: Head, buffer: Buffer): number {
  if (head.kind !== "float") return Number(integerOf(head, buffer));
  return head.length === 4 ? buffer.readFloatBE(head.content) : buffer.readDoubleBE(head.content);
}
