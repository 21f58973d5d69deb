/**
 * Reads JSON from outside field by field into new objects, and checks types and lengths. Fields that the code does not ask
 * for are ignored.
 */

import { isObject } from "./isObject";
import { parseJson } from "./json";

/** Maximum length of a string, in UTF-16 units. */
const MAX_TEXT = 4096;
/** Maximum length of a list. */
const MAX_ITEMS = 10_000;

/** `Date.parse` alone also accepts any text in parentheses (V8), which would reach a terminal. */
const TIME = /^([+-]\d\d)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** The fields of one JSON object. */
export class Fields {
  private constructor(private readonly values: ReadonlyMap<string, unknown>) {}

  /** `undefined` if the value is not an object. */
  static of(value: unknown): Fields | undefined {
    return isObject(value) ? new Fields(new Map(Object.entries(value))) : undefined;
  }

  /** `undefined` for bytes that are not the JSON text of an object. */
  static parse(bytes: Uint8Array): Fields | undefined {
    return Fields.of(parseJson(bytes));
  }

  text(name: string, maxLength: number = MAX_TEXT): string | undefined {
    const value = this.values.get(name);
    return typeof value === "string" && value.length <= maxLength ? value : undefined;
  }

  /** A name or a version: printable ASCII, which no terminal interprets as a control sequence. */
  word(name: string): string | undefined {
    const value = this.text(name, 256);
    return value !== undefined && /^[\x20-\x7e]+$/.test(value) ? value : undefined;
  }

  sha256(name: string): string | undefined {
    return sha256Of(this.values.get(name));
  }

  /** A non-negative safe integer. */
  count(name: string): number | undefined {
    const value = this.values.get(name);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.values.get(name);
    return typeof value === "boolean" ? value : undefined;
  }

  /** A time as `Date.toISOString` writes it, or any other RFC 3339. */
  time(name: string): string | undefined {
    const value = this.text(name, 64);
    return value !== undefined && TIME.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
  }

  oneOf<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.values.get(name);
    return choices.find((choice) => choice === value);
  }

  object(name: string): Fields | undefined {
    return Fields.of(this.values.get(name));
  }

  /** `undefined` if the value is not a list, is too long, or has an item that `read` does not accept. */
  list<T>(name: string, read: (item: unknown) => T | undefined): T[] | undefined {
    const value = this.values.get(name);
    if (!Array.isArray(value) || value.length > MAX_ITEMS) return undefined;
    const items: T[] = [];
    for (const item of value) {
      const known = read(item);
      if (known === undefined) return undefined;
      items.push(known);
    }
    return items;
  }

  /** An object as a dictionary: any names, with values that `read` accepts; the others are left out. */
  entries<T>(name: string, read: (item: unknown) => T | undefined): Readonly<Record<string, T>> | undefined {
    const inner = this.object(name);
    if (inner === undefined || inner.values.size > MAX_ITEMS) return undefined;
    const found: [string, T][] = [];
    for (const [key, value] of inner.values) {
      const known = key.length <= MAX_TEXT ? read(value) : undefined;
      if (known !== undefined) found.push([key, known]);
    }
    return Object.fromEntries(found);
  }
}

/** A string of any JSON value, for `list` and `entries`. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= MAX_TEXT ? value : undefined;
}

/** A SHA-256 as 64 hexadecimal digits in lower case, for `entries`. */
export function sha256Of(value: unknown): string | undefined {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? value : undefined;
}

/** Whether every value is known: then none of them is `undefined`. */
export function allKnown<T extends object>(values: T): values is { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.values(values).every((value) => value !== undefined);
}
