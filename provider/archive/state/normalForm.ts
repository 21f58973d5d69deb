/**
 * The content of a record, independent of its encoding: empty fields of structs are left out, map entries are sorted, and a
 * number is the same in any width. So a record written by one version of Consul equals the same record written by another
 * version that knows more fields. Fields that servers compute from user data are left out, too.
 *
 * Whether an empty value means something depends on the field: see the table of structs. An empty value of a field that is
 * not in that table is left out as well, and puts the content in doubt.
 */

import { compact } from "../../compact";
import { bodyOf, bodyOfKind, computedFieldsOf, computedFieldsOfKind } from "../recordTypeLookup";
import { CONFIG_ENTRY } from "../recordTypes";
import { configEntryRequest, type FieldKind, fieldKind } from "./fieldKinds";
import { Head, integerOf, isMap, isRaw, Undecodable } from "./head";
import { canonicalMessage } from "./protobuf";
import { MAX_DEPTH } from "./scanner";
import type { Work } from "./work";

/** An integer is its digits with a sign; bytes and strings are a `"` followed by one character per byte. */
export type Content = null | boolean | string | readonly Content[] | Fields;
/** Fields that are not set in Go are left out. */
export interface Fields {
  readonly [key: string]: Content;
}

/**
 * Equal for records with the same content.
 *
 * @param value - of a record that the walker has decoded
 * @returns `undefined` if the content cannot be read: such a record can only be compared byte by byte
 */
export function contentOf(type: number, value: Buffer): Content | undefined {
  return read(type, value, "content")?.content;
}

/** Like `contentOf`, but with computed fields and with zero or empty ones: Go distinguishes some of these from unset ones. */
export function wholeContentOf(type: number, value: Buffer): Content | undefined {
  return read(type, value, "whole")?.content;
}

/** The content of a record, for comparing it. */
export interface ComparableContent {
  /** What `contentOf` returns. */
  readonly content: Content;
  /**
   * The same with what may be more than an unset field: zero and empty values of fields that are not in the table of structs,
   * and the hash of a configuration entry of an unknown kind. Default: there is no such value.
   */
  readonly doubtful?: Content;
}

/** @returns `undefined` if the content cannot be read */
export function comparableContentOf(type: number, value: Buffer): ComparableContent | undefined {
  const found = read(type, value, "content");
  if (found === undefined) return undefined;
  const { content, isInDoubt } = found;
  return isInDoubt ? compact({ content, doubtful: read(type, value, "doubtful")?.content }) : { content };
}

/** Which fields a content includes: see the functions above. */
type Extent = "content" | "doubtful" | "whole";

function read(type: number, value: Buffer, extent: Extent): { content: Content; isInDoubt: boolean } | undefined {
  const reading: Reading = { values: 0, extent, isInDoubt: false };
  try {
    const reader = new ContentReader(value, reading);
    const isEntry = type === CONFIG_ENTRY && isRaw(value[0] ?? 0);
    const content = isEntry ? reader.configEntry() : withoutComputed(type, reader.next(0, kindOf(type)), extent);
    return { content, isInDoubt: reading.isInDoubt };
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

/** The kind of a record's value; `undefined` for an unknown type. */
function kindOf(type: number): FieldKind | undefined {
  const body = type === CONFIG_ENTRY ? undefined : bodyOf(type);
  return body === undefined ? undefined : fieldKind(body);
}

function withoutComputed(type: number, content: Content, extent: Extent): Content {
  return extent === "whole" ? content : withoutFields(content, computedFieldsOf(type));
}

/** Maximum number of values and field names in one record; a record with more is compared byte by byte. */
const MAX_VALUES = 60_000;
/** Bytes that begin like a map but are not one count as this many values, because throwing and catching an error is slow. */
const FAILURE_VALUES = 100;
/** Maximum depth of bytes within bytes; configuration entries have two levels. */
const MAX_LEVELS = 8;
/** The first character of a key that is not a string. It is no byte, so no string key begins with it. */
const NOT_A_STRING = "\u0100";

/** One reading of a record, shared by the readers of the bytes within its bytes. */
interface Reading extends Work {
  readonly extent: Extent;
  /** Whether an empty value was left out that may mean something. */
  isInDoubt: boolean;
}

function withoutFields(content: Content, paths: readonly (readonly string[])[]): Content {
  return paths.reduce(withoutField, content);
}

/** Removes one field, and the structs that are then empty. */
function withoutField(content: Content, [name = "", ...inner]: readonly string[]): Content {
  if (!isFields(content)) return content;
  const field = content[name];
  if (field === undefined) return content;
  const rest = inner.length === 0 ? null : withoutField(field, inner);
  return Object.fromEntries(
    Object.entries(content).flatMap(([key, value]) => {
      if (key !== name) return [[key, value]];
      return isEmpty(rest) ? [] : [[key, rest]];
    }),
  );
}

export function isFields(content: Content | undefined): content is Fields {
  return typeof content === "object" && content !== null && !Array.isArray(content);
}

class ContentReader {
  private readonly head = new Head();
  private at = 0;

  constructor(
    private readonly buffer: Buffer,
    private readonly reading: Reading,
    /** Levels of bytes around these bytes. */
    private readonly levels = 0,
    /** Whether byte strings of an unknown kind that consist of exactly one map are read as a map. */
    private readonly nested = false,
  ) {}

  /**
   * @param kind - `undefined` if it is unknown
   * @throws Undecodable
   */
  next(depth: number, kind: FieldKind | undefined): Content {
    if (depth > MAX_DEPTH) throw new Undecodable(`it is nested more than ${MAX_DEPTH} levels deep`);
    if (++this.reading.values > MAX_VALUES) throw new Undecodable(`it has more than ${MAX_VALUES} values`);
    const { buffer, head } = this;
    const { kind: form, descriptor, content, length } = head.read(buffer, this.at);
    this.at = content;
    if (form === "map") return this.map(length, depth, kind);
    if (form === "list") return this.list(length, depth, kind);
    this.at = head.end;
    switch (form) {
      case "nil":
        return null;
      case "bool":
        return descriptor === 0xc3;
      case "unsigned":
      case "signed": {
        const value = integerOf(head, buffer);
        return value >= 0n ? `+${value}` : `${value}`;
      }
      case "raw":
        return this.raw(buffer.subarray(content, this.at), kind);
      case "float":
      case "extension":
        return `${descriptor}:${buffer.toString("latin1", content, this.at)}`;
    }
  }

  /** A byte string that contains the kind of the entry, followed by its request. */
  configEntry(): Content {
    const { content, end } = this.head.read(this.buffer, 0);
    const bytes = this.buffer.subarray(content, end);
    const inner = new ContentReader(bytes, this.reading, 0, true);
    const kind = inner.next(0, undefined);
    const values = [kind];
    const name = typeof kind === "string" ? kind.slice(1) : "";
    const body = bodyOfKind(name);
    const request = body === undefined ? undefined : configEntryRequest(body);
    while (inner.at < bytes.length) {
      const value = inner.next(0, values.length === 1 ? request : undefined);
      values.push(values.length === 1 && isFields(value) ? this.withoutComputed(name, value) : value);
    }
    return values;
  }

  private withoutComputed(kind: string, request: Fields): Fields {
    const { extent } = this.reading;
    const computed = computedFieldsOfKind(kind);
    if (extent === "whole" || (extent === "doubtful" && computed === undefined)) return request;
    const { Entry: entry = null } = request;
    // All known kinds of 1.15 and later have a hash.
    if (computed === undefined && isFields(entry) && entry["Hash"] !== undefined) this.reading.isInDoubt = true;
    return { ...request, Entry: withoutFields(entry, computed ?? [["Hash"]]) };
  }

  private map(entries: number, depth: number, kind: FieldKind | undefined): Content {
    const keys = new Set<string>();
    const kept: [string, Content][] = [];
    for (let entry = 0; entry < entries; entry++) {
      const key = this.key(depth, kind?.is === "map" ? kind.key : undefined);
      // Go decodes the second value into the first.
      if (keys.has(key)) throw new Undecodable("a map has the same key twice");
      keys.add(key);
      const inner = kindWithin(kind, key);
      const value = this.next(depth + 1, inner);
      if (this.isKept(value, kind, inner)) kept.push([key, value]);
    }
    return Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /**
   * Whether an entry of a map is part of the content.
   *
   * @param kind - of the map
   * @param inner - of the value
   */
  private isKept(value: Content, kind: FieldKind | undefined, inner: FieldKind | undefined): boolean {
    const { extent } = this.reading;
    if (extent === "whole") return value !== null;
    if (!isEmpty(value) || kind?.is === "map" || kind?.is === "any") return true;
    if (value === null || (inner !== undefined && inner.pointer !== true)) return false;
    if (inner !== undefined || extent === "doubtful") return true;
    this.reading.isInDoubt = true;
    return false;
  }

  /** Most keys are strings; those of a bound-api-gateway (1.15 and later) are maps. */
  private key(depth: number, kind: FieldKind | undefined): string {
    this.reading.values++;
    const { buffer, head } = this;
    const first = head.tryRead(buffer, this.at) ? head.kind : "nil";
    if (first === "map" || first === "list") return NOT_A_STRING + JSON.stringify(this.next(depth + 1, kind));
    const { kind: form, content, end } = head.readKey(buffer, this.at, true);
    const from = form === "unsigned" ? this.at : content;
    this.at = end;
    return buffer.toString("latin1", from, end);
  }

  private list(items: number, depth: number, kind: FieldKind | undefined): Content {
    const found: Content[] = [];
    const inner = kind?.is === "list" ? kind.item : kind?.is === "any" ? kind : undefined;
    for (let item = 0; item < items; item++) found.push(this.next(depth + 1, inner));
    return found;
  }

  private raw(bytes: Buffer, kind: FieldKind | undefined): Content {
    if (kind?.is === "message") return `"${canonicalMessage(bytes).toString("latin1")}`;
    const isPacked = kind?.is === "packed" || (kind === undefined && this.nested);
    if (isPacked && this.levels < MAX_LEVELS && bytes.length > 0 && isMap(bytes[0] as number)) {
      const inner = new ContentReader(bytes, this.reading, this.levels + 1, true);
      try {
        const content = inner.next(0, kind?.is === "packed" ? kind.inner : undefined);
        if (inner.at === bytes.length) return content;
      } catch (error) {
        // It only looks like a map; it is a string or bytes.
        this.reading.values += FAILURE_VALUES;
        if (!(error instanceof Undecodable) || this.reading.values > MAX_VALUES) throw error;
      }
    }
    return `"${bytes.toString("latin1")}`;
  }
}

/** The kind of the value with this key. */
function kindWithin(kind: FieldKind | undefined, key: string): FieldKind | undefined {
  if (kind?.is === "struct") return kind.struct.field(key)?.kind;
  if (kind?.is === "map") return kind.item;
  return kind?.is === "any" ? kind : undefined;
}

/** Whether a field with this value counts as unset: it is zero or empty. */
function isEmpty(value: Content): boolean {
  if (value === null || value === false || value === "+0" || value === '"') return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
