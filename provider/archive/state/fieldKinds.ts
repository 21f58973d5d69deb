/** The kinds of fields that the table of structs names, ready to walk records with. */

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

/** What a value must be. `needed`: and that it is there, and not empty. */
export type FieldKind = { readonly needed?: true } & (
  | { readonly is: Scalar }
  | { readonly is: "list"; readonly item: FieldKind }
  /** Keys are strings, unless it says otherwise. */
  | { readonly is: "map"; readonly item: FieldKind; readonly key?: FieldKind }
  | { readonly is: "struct"; readonly struct: Struct }
  | { readonly is: "packed"; readonly inner: FieldKind }
  | { readonly is: "message"; readonly message: string }
  /** Its name and its request, with the entry within, in bytes; which struct the entry is depends on its name. */
  | { readonly is: "configEntry" }
);

export interface Field {
  readonly name: string;
  /** The name as it lies in a record. */
  readonly bytes: Buffer;
  readonly kind: FieldKind;
  /** Its place among the fields of its struct, from 0 on. */
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

  /** In the order in which they are declared. Structs may hold each other, so each is read when it is first asked for. */
  get fields(): readonly Field[] {
    return this.read();
  }

  /**
   * @param rank - that the field probably has among the names in order: Consul writes the fields of a struct sorted
   * @returns the field; nothing where Consul knows none of this name
   */
  find(buffer: Buffer, from: number, to: number, rank: number): Field | undefined {
    this.read();
    const guess = this.sorted[rank];
    if (guess !== undefined && isAt(guess.bytes, buffer, from, to)) return guess;
    return this.byName.get(buffer.toString("latin1", from, to));
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

/** @param text - as the table of structs writes it */
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
