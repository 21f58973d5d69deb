/**
 * A JSON parser that loses nothing: it keeps the digits of numbers, and all keys in order, duplicates included.
 *
 * meta.json contains 64-bit numbers, which JSON.parse rounds. Consul also ignores the case of keys and merges
 * duplicates, which JSON.parse drops.
 */

import { tooLarge } from "../limits";

export type Json =
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly digits: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "array"; readonly items: readonly Json[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [key: string, value: Json])[] };

/** Far deeper than any meta.json, and safe for recursion. Go's own limit is 10,000. */
const DEPTH = 1000;
/** Maximum number of values in a document; each server of a cluster has four. */
const MAX_VALUES = 20_000;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

/**
 * @throws SyntaxError if the text is not JSON; SnapshotError `ARCHIVE_TOO_LARGE` if it is nested too deeply or has too
 * many values
 */
export function parseJson(text: string): Json {
  let at = 0;
  let depth = 0;
  let values = 0;

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  }

  function skip(character: string): boolean {
    match(SPACE);
    if (text[at] !== character) return false;
    at += 1;
    return true;
  }

  function fail(): never {
    throw new SyntaxError(`not JSON at ${at}`);
  }

  function string(): string {
    match(SPACE);
    // Go replaces a lone surrogate by U+FFFD.
    return (JSON.parse(match(STRING) ?? fail()) as string).replace(/\p{Surrogate}/gu, "\ufffd");
  }

  /** Parses a comma-separated list up to `end`. */
  function list<T>(end: string, item: () => T): T[] {
    if (++depth > DEPTH) throw tooLarge("the archive has JSON that is nested too deep");
    const items: T[] = [];
    if (!skip(end)) {
      do items.push(item());
      while (skip(","));
      if (!skip(end)) fail();
    }
    depth -= 1;
    return items;
  }

  function value(): Json {
    if (++values > MAX_VALUES) throw tooLarge(`the archive has JSON of more than ${MAX_VALUES} values`);
    match(SPACE);
    if (skip("{")) {
      return {
        kind: "object",
        entries: list("}", () => {
          const key = string();
          if (!skip(":")) fail();
          return [key, value()] as const;
        }),
      };
    }
    if (skip("[")) return { kind: "array", items: list("]", value) };
    if (text[at] === '"') return { kind: "string", value: string() };
    const word = match(WORD);
    if (word !== undefined) return word === "null" ? { kind: "null" } : { kind: "boolean", value: word === "true" };
    return { kind: "number", digits: match(NUMBER) ?? fail() };
  }

  const whole = value();
  match(SPACE);
  return at === text.length ? whole : fail();
}
