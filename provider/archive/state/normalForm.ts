/**
 * The content of a record, independent of its encoding: empty fields of structs are left out, map entries are sorted, and a
 * number is the same in any width. So a record written by one version of Consul equals the same record written by another
 * version that knows more fields. Fields that servers compute from user data are left out, too.
 */

import { computedFieldsOf, computedFieldsOfKind, CONFIG_ENTRY } from "../recordTypes";
import { Head, integerOf, isMap, isRaw, Undecodable } from "./head";
import { MAP_FIELDS } from "./mapFields";
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
  return read(type, value, false);
}

/** Like `contentOf`, but with computed fields and with zero or empty ones: Go distinguishes some of these from unset ones. */
export function wholeContentOf(type: number, value: Buffer): Content | undefined {
  return read(type, value, true);
}

function read(type: number, value: Buffer, isWhole: boolean): Content | undefined {
  try {
    const reader = new ContentReader(value, false, 0, isWhole);
    if (type === CONFIG_ENTRY && isRaw(value[0] ?? 0)) return configEntry(reader, isWhole);
    const content = reader.next(0);
    return isWhole ? content : withoutFields(content, computedFieldsOf(type));
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

/** Maximum number of values and field names in one record; a record with more is compared byte by byte. */
const MAX_VALUES = 60_000;
/** Bytes that begin like a map but are not one count as this many values, because throwing and catching an error is slow. */
const FAILURE_VALUES = 100;
/** Maximum depth of bytes within bytes; configuration entries have two levels. */
const MAX_LEVELS = 8;
/** The first character of a key that is not a string. It is no byte, so no string key begins with it. */
const NOT_A_STRING = "\u0100";

/** What a map is: a struct, whose empty fields mean nothing; a map whose entries are structs; or a map of user data. */
type Form = "struct" | "map" | "written";

/** A byte string that contains the kind of the entry, followed by its request. */
function configEntry(reader: ContentReader, isWhole: boolean): Content {
  const [kind = null, request = null, ...others] = reader.sequence();
  return [kind, isFields(request) && !isWhole ? withoutComputed(kind, request) : request, ...others];
}

function withoutComputed(kind: Content, request: Fields): Fields {
  const name = typeof kind === "string" ? kind.slice(1) : "";
  const { Entry: entry = null } = request;
  return { ...request, Entry: withoutFields(entry, computedFieldsOfKind(name)) };
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
    /** Whether byte strings that consist of exactly one map are read as a map: configuration entries are nested like this. */
    private readonly nested = false,
    /** Levels of bytes around these bytes. */
    private readonly levels = 0,
    /** Whether zero and empty fields are kept. */
    private readonly isWhole = false,
    /** Shared by all readers of one record. */
    private readonly work: Work = { values: 0 },
  ) {}

  /** @throws Undecodable */
  next(depth: number, form: Form = "struct"): Content {
    if (depth > MAX_DEPTH) throw new Undecodable(`it is nested more than ${MAX_DEPTH} levels deep`);
    if (++this.work.values > MAX_VALUES) throw new Undecodable(`it has more than ${MAX_VALUES} values`);
    const { buffer, head } = this;
    const { kind, descriptor, content, length } = head.read(buffer, this.at);
    this.at = content;
    if (kind === "map") return this.map(length, depth, form);
    if (kind === "list") return this.list(length, depth, form);
    this.at = head.end;
    switch (kind) {
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
        return this.raw(buffer.subarray(content, this.at));
      case "float":
      case "extension":
        return `${descriptor}:${buffer.toString("latin1", content, this.at)}`;
    }
  }

  /** All values in a byte string, in their order. */
  sequence(): Content[] {
    const { content, end } = this.head.read(this.buffer, 0);
    const bytes = this.buffer.subarray(content, end);
    const inner = new ContentReader(bytes, true, 0, this.isWhole, this.work);
    const values: Content[] = [];
    while (inner.at < bytes.length) values.push(inner.next(0));
    return values;
  }

  private map(entries: number, depth: number, form: Form): Content {
    const found = new Map<string, Content>();
    for (let entry = 0; entry < entries; entry++) {
      const key = this.key(depth);
      // Go decodes the second value into the first.
      if (found.has(key)) throw new Undecodable("a map has the same key twice");
      found.set(key, this.next(depth + 1, formOf(key, form)));
    }
    const kept = [...found].filter(([, value]) => {
      return this.isWhole ? value !== null : form !== "struct" || !isEmpty(value);
    });
    return Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** Most keys are strings; those of a bound-api-gateway (1.15 and later) are maps. */
  private key(depth: number): string {
    this.work.values++;
    const { buffer, head } = this;
    const first = head.tryRead(buffer, this.at) ? head.kind : "nil";
    if (first === "map" || first === "list") return NOT_A_STRING + JSON.stringify(this.next(depth + 1));
    const { kind, content, end } = head.readKey(buffer, this.at, true);
    const from = kind === "unsigned" ? this.at : content;
    this.at = end;
    return buffer.toString("latin1", from, end);
  }

  private list(items: number, depth: number, form: Form): Content {
    const found: Content[] = [];
    const inner = form === "map" ? "struct" : form;
    for (let item = 0; item < items; item++) found.push(this.next(depth + 1, inner));
    return found;
  }

  private raw(bytes: Buffer): Content {
    if (this.nested && this.levels < MAX_LEVELS && bytes.length > 0 && isMap(bytes[0] as number)) {
      const inner = new ContentReader(bytes, true, this.levels + 1, this.isWhole, this.work);
      try {
        const content = inner.next(0);
        if (inner.at === bytes.length) return content;
      } catch (error) {
        // It only looks like a map; it is a string or bytes.
        this.work.values += FAILURE_VALUES;
        if (!(error instanceof Undecodable) || this.work.values > MAX_VALUES) throw error;
      }
    }
    return `"${bytes.toString("latin1")}`;
  }
}

/** The form of a value, from its key and the form of the map that contains it. */
function formOf(key: string, form: Form): Form {
  if (form !== "struct") return form === "map" ? "struct" : form;
  const map = MAP_FIELDS.get(key);
  return map === undefined ? "struct" : map.isDeep ? "written" : "map";
}

/** Whether a field with this value counts as unset: it is zero or empty. */
function isEmpty(value: Content): boolean {
  if (value === null || value === false || value === "+0" || value === '"') return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
