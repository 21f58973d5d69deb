/** Checks and reads the values of each kind of key. */

import { checkRetention, readRetention } from "../../provider/args/retention";
import { booleanOf } from "../../provider/args/kinds";
import { parseDuration } from "../../provider/duration";
import type { Policy } from "../../provider/retention/policy";
import type { Key, KeyKind } from "./keys";

/** A value as the rest of the agent uses it: durations are in milliseconds. */
export type KeyValue = PlainValue | Policy;
type PlainValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

/** Why a value is invalid for its key, as a sentence that does not repeat the value; `undefined` if it is valid. */
export function problemWithValue(label: string, { kind }: Key, value: unknown): string | undefined {
  if (kind === "retention") {
    return checkRetention(value, label)[0]?.reason;
  }
  return tryRead(kind, value) === undefined ? `${label} must be ${FORMS[kind]}` : undefined;
}

/** To be called only if `problemWithValue` has found no problem. */
export function readValue({ kind }: Key, value: unknown): KeyValue {
  if (kind === "retention") return readRetention(value);
  return tryRead(kind, value) ?? "";
}

const FORMS: Readonly<Record<Exclude<KeyKind, "retention">, string>> = {
  string: "a string",
  boolean: "true or false",
  count: "a whole number from 0",
  duration: 'a duration such as "1h" or "90s", or 0',
  strings: "a list of strings",
  map: "an object of strings",
};

/** Numbers and booleans may be strings, as in flags and in generated files. */
function tryRead(kind: Exclude<KeyKind, "retention">, value: unknown): PlainValue | undefined {
  switch (kind) {
    case "string":
      return typeof value === "string" ? value : undefined;
    case "boolean":
      return typeof value === "boolean" ? value : typeof value === "string" ? booleanOf(value) : undefined;
    case "count": {
      const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
      return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
    }
    case "duration":
      return durationOf(value);
    case "strings": {
      const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
      return isList ? value : undefined;
    }
    case "map": {
      const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
      return isMap && Object.values(value).every((item) => typeof item === "string")
        ? (value as Readonly<Record<string, string>>)
        : undefined;
    }
  }
}

function durationOf(value: unknown): number | undefined {
  if (value === 0 || value === "0") return 0;
  if (typeof value !== "string") return undefined;
  try {
    return parseDuration(value);
  } catch {
    return undefined;
  }
}
