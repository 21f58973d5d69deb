/** The kinds of fields in the table of structs, parsed for the check of records. */

import { STRUCTS } from "./structs";

export type Scalar =
  | "string"
  | "uuid"
  | "bytes"
  | "bool"
  | "int"
  | "uint"
  | "uint32"
  | "uint8"
  | "float"
  | "float32"
  | "time"
  | "any";

/**
 * What a value must be. `needed`: it must be present and not empty. `pointer`: nil and a zero or empty value differ.
 */
export type FieldKind = { readonly needed?: true; readonly pointer?: true } & (
  | { readonly is: Scalar }
  | { readonly is: "list"; readonly item: FieldKind }
  /** Without `key`, the keys are strings. */
  | { readonly is: "map"; readonly item: FieldKind; readonly key?: FieldKind }
  | { readonly is: "struct"; readonly struct: Struct }
  | { readonly is: "packed"; readonly inner: FieldKind }
  | { readonly is: "message"; readonly message: string }
  /** Bytes that contain its kind and its request, with the entry in it; the kind decides which struct the entry is. */
  | { readonly is: "configEntry" }
);

export interface Field {
  readonly name: string;
  /** The name as a record contains it. */
  readonly bytes: Buffer;
  readonly kind: FieldKind;
  /** Its position among the fields of its struct, from 0. */
  readonly index: number;
}

/** The fields of one struct. */
export class Struct {
  private list: readonly Field[] | undefined;
  private readonly byName = new Map<string, Field>();
  private sorted: readonly Field[] = [];
  private requiredFields: readonly string[] = [];

  constructor(
    readonly name: string,
    private readonly text: string,
  ) {}

  /** The names of the fields that the state store needs. */
  get required(): readonly string[] {
    this.read();
    return this.requiredFields;
  }

  /** In the order of their declaration. Structs can contain each other, so each is parsed on first use. */
  get fields(): readonly Field[] {
    return this.read();
  }

  /**
   * @param rank - the probable position of the field among the sorted names: Consul writes the fields of a struct sorted
   * @returns the field; `undefined` if Consul has no field of this name
   */
  find(buffer: Buffer, from: number, to: number, rank: number): Field | undefined {
    this.read();
    const guess = this.sorted[rank];
    if (guess !== undefined && isAt(guess.bytes, buffer, from, to)) return guess;
    return this.byName.get(buffer.toString("latin1", from, to));
  }

  /** @returns `undefined` if Consul has no field of this name */
  field(name: string): Field | undefined {
    this.read();
    return this.byName.get(name);
  }

  private read(): readonly Field[] {
    if (this.list !== undefined) return this.list;
    const list = this.text === "" ? [] : this.text.split(" ").map(parseField);
    this.sorted = list.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    for (const field of this.sorted) this.byName.set(field.name, field);
    this.requiredFields = list.flatMap(({ name, kind }) => (kind.needed === true ? [name] : []));
    this.list = list;
    return list;
  }
}

function isAt(bytes: Buffer, buffer: Buffer, from: number, to: number): boolean {
  if (to - from !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if (buffer[from + i] !== bytes[i]) return false;
  return true;
}

const structs = new Map(Object.entries(STRUCTS).map(([name, text]) => [name, new Struct(name, text)]));
const kinds = new Map<string, FieldKind>();

/** @param text - the kind as written in the table of structs */
export function fieldKind(text: string): FieldKind {
  const known = kinds.get(text) ?? parseKind(text);
  kinds.set(text, known);
  return known;
}

const requests = new Map<string, FieldKind>();

/** The request that writes a configuration entry. @param entry - the struct of the entry, as the table of structs names it */
export function configEntryRequest(entry: string): FieldKind {
  const text = `Op:string Datacenter:string Entry:${entry}! Token:string`;
  const request: FieldKind = requests.get(entry) ?? { is: "struct", struct: new Struct("ConfigEntryRequest", text) };
  requests.set(entry, request);
  return request;
}

function parseField(text: string, index: number): Field {
  const [name = "", kind = ""] = text.split(":");
  return { name, bytes: Buffer.from(name), kind: fieldKind(kind), index };
}

function parseKind(text: string): FieldKind {
  if (text.endsWith("!")) return { ...fieldKind(text.slice(0, -1)), needed: true };
  if (text.endsWith("?")) return { ...fieldKind(text.slice(0, -1)), pointer: true };
  const [, form, inner = ""] = /^(packed|message)<(.*)>$/.exec(text) ?? [];
  if (form === "packed") return { is: "packed", inner: fieldKind(inner) };
  if (form === "message") return { is: "message", message: inner };
  if (text.startsWith("[")) return { is: "list", item: fieldKind(text.slice(1, -1)) };
  const [, key, item = ""] = /^\{(\w+)>(.*)\}$/.exec(text) ?? [];
  if (key !== undefined) return { is: "map", item: fieldKind(item), key: fieldKind(key) };
  if (text.startsWith("{")) return { is: "map", item: fieldKind(text.slice(1, -1)) };
  const struct = structs.get(text);
  if (struct !== undefined) return { is: "struct", struct };
  return text === "configEntry" ? { is: text } : { is: text as Scalar };
}
