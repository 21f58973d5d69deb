/**
 * JSON with nothing lost: numbers as they are written, and every key, in order, also one that comes twice.
 *
 * meta.json holds 64-bit numbers, which JSON.parse rounds, and Consul takes keys in any case and merges those that come
 * again, which JSON.parse cannot show.
 */

import { tooLarge } from "./limits";

export type Json =
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly digits: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "array"; readonly items: readonly Json[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [key: string, value: Json])[] };

/** Far deeper than meta.json is, and safe to recurse into. Go goes to 10,000. */
const DEPTH = 1000;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

/** @throws SyntaxError where the text is not JSON, or SnapshotError `ARCHIVE_TOO_LARGE` where it is nested too deep */
export function parseJson(text: string): Json {
  let at = 0;
  let depth = 0;

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
    // Go has no half of a surrogate pair, and writes this sign in its place.
    return (JSON.parse(match(STRING) ?? fail()) as string).replace(/\p{Surrogate}/gu, "\ufffd");
  }

  /** What stands between brackets, `item` by `item`. */
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
