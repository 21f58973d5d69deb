/** How each kind of argument is checked and read; the rows of `tables/` name the kinds. */

import { parseDuration } from "../duration";
import { SnapshotError } from "../errors";
import { isObject } from "../isObject";
import { nearest, suggestion } from "../suggestion";
import { type Noun, NOUNS } from "./tables/nouns";
import type { Kind, ReadRows, Row, Table } from "./tables/row";
import { parseTime } from "./time";

/** The longest timeout: a timer of Node.js takes 24 days, and a timeout of weeks is a mistake. */
const LONGEST_TIMEOUT_MS = 7 * 24 * 3_600_000;

/** One thing that is wrong with an argument. */
export interface ArgumentProblem {
  /** Such as `retention.keepLast`. Left out where the value may be a secret: hosts print the value of what a path names. */
  readonly path?: string;
  /** One sentence, free of secret values. */
  readonly reason: string;
}

/** Whether a value is left out, or will only be known later: a symbol stands for that, whichever the host's. */
export function absentOrUnknown(value: unknown): value is undefined | null | symbol {
  return isAbsent(value) || typeof value === "symbol";
}

/**
 * Everything that is wrong with the names and kinds of arguments, nested ones included. Unknown values (symbols) are not
 * judged. The settings of a `connection` have a check of their own, because other places set them, too.
 *
 * @param noun - whose table has them, or a table
 * @param path - of the argument that contains them. Default: they are the arguments of a resource or a function
 * @param owner - its name, for messages about other names. Default: these are called settings
 */
export function checkRows(
  noun: Noun | Table,
  values: Readonly<Record<string, unknown>>,
  { path, owner }: { readonly path?: string; readonly owner?: string },
): ArgumentProblem[] {
  const table = typeof noun === "string" ? NOUNS[noun] : noun;
  const known = Object.keys(table);
  const pathOf = (name: string): string => (path === undefined ? name : `${path}.${name}`);
  const others = Object.keys(values).filter((name) => !Object.hasOwn(table, name) && values[name] !== undefined);
  // A misspelled argument is not missing as well.
  const meant = others.map((name) => nearest(name, known));
  return [
    ...others.map((name) => {
      const what = owner === undefined ? "a setting" : `an argument of ${owner}`;
      // Without a path: its value may be a secret.
      return { reason: `${pathOf(name)} is not ${what}: ${suggestion(name, known)}` };
    }),
    ...Object.entries(table).flatMap(([name, row]) =>
      isAbsent(values[name]) && meant.includes(name) ? [] : checkRow(pathOf(name), row, values[name]),
    ),
  ];
}

/** Everything that is wrong with one argument, and with those that it contains. */
export function checkRow(path: string, row: Row, value: unknown): ArgumentProblem[] {
  if (isAbsent(value) && row.required !== true) return [];
  const reason = isAbsent(value) ? `${path} is required: ${formOf(row)}` : problemWith(path, row, value);
  if (reason !== undefined) return [holdsSecret(row) ? { reason } : { path, reason }];
  const { kind } = row;
  if (kind.type !== "object" || kind.noun === "connection" || !isObject(value)) return [];
  return checkRows(kind.noun, value, { path });
}

/**
 * Why a value is not of its row's kind, as a sentence; nothing where it is, or is unknown.
 *
 * @param label - how the sentence calls the argument
 */
export function problemWith(label: string, row: Row, value: unknown): string | undefined {
  if (typeof value === "symbol") return undefined;
  const { kind } = row;
  const omit = row.without === undefined ? "" : `; omit it for ${row.without}`;
  if (!isOfKind(kind, value)) {
    return `${label} must be ${formOf(row)}${kind.type === "integer" ? omit : ""}`;
  }
  if (kind.type === "list" && kind.nonEmpty === true && (value as readonly unknown[]).length === 0) {
    return `${label} is empty: it must be ${formOf(row)}`;
  }
  if (kind.type !== "duration" && kind.type !== "timeout") return undefined;
  try {
    const ms = milliseconds(value);
    if (kind.type === "duration") {
      return ms > 0 || kind.positive !== true ? undefined : `${label} must be greater than zero${omit}`;
    }
    return ms >= 1 && ms <= LONGEST_TIMEOUT_MS ? undefined : `${label} must be greater than zero and at most 7 days`;
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return `${label}: ${error.message}. ${error.hint}`;
  }
}

/** What a value of this row must be, to follow "must be". */
export function formOf({ kind, form }: Pick<Row, "kind" | "form">): string {
  return form ?? formOfKind(kind);
}

/**
 * The values of a table's arguments, once `checkRows` has found no problem: durations in milliseconds, defaults filled in,
 * unknown values left out.
 *
 * @param values - an object; anything else has no arguments
 */
export function readRows<T extends Table>(table: T, values: unknown): ReadRows<T> {
  const written = isObject(values) ? values : {};
  return Object.fromEntries(
    Object.entries(table).map(([name, row]) => [name, readRow(row, written[name])]),
  ) as ReadRows<T>;
}

/** The value of one argument, as `readRows` returns it. */
export function readRow({ kind, default: instead }: Row, value: unknown): unknown {
  return readKind(kind, value) ?? readKind(kind, instead);
}

/** Configuration is text: what is not a string in a program is read from it here. `undefined` where it cannot be. */
export function fromText({ type }: Kind, text: string): unknown {
  if (type === "boolean") return booleanOf(text);
  if (type === "timeout") return /^\d+$/.test(text) ? Number(text) : text;
  if (type === "integer") return /^\d+$/.test(text.trim()) ? Number(text) : undefined;
  if (type !== "list" && type !== "object") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** As Consul and Go read booleans in variables. */
export function booleanOf(text: string): boolean | undefined {
  if (/^(1|t|true)$/i.test(text)) return true;
  return /^(0|f|false)$/i.test(text) ? false : undefined;
}

/** Whether no message may show an argument's value. */
export function holdsSecret({ kind, secret, mayHoldSecret }: Row): boolean {
  if (secret === true || mayHoldSecret === true) return true;
  return kind.type === "object" && Object.values(NOUNS[kind.noun]).some(holdsSecret);
}

function readKind(kind: Kind, value: unknown): unknown {
  if (absentOrUnknown(value) || !isOfKind(kind, value)) return undefined;
  if (kind.type === "duration" || kind.type === "timeout") return Math.round(milliseconds(value));
  if (kind.type !== "list") return value;
  return (value as readonly unknown[]).filter((item) => typeof item !== "symbol");
}

function isOfKind(kind: Kind, value: unknown): boolean {
  switch (kind.type) {
    case "string":
    case "archive":
    case "guard":
    case "duration":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= (kind.most ?? Infinity);
    case "timeout":
      return typeof value === "string" || typeof value === "number";
    case "time":
      return typeof value === "string" && parseTime(value) !== undefined;
    case "choice":
      return kind.choices.some((choice) => choice === value);
    case "any":
      return true;
    case "list":
      return Array.isArray(value) && value.every((item) => isItem(kind.of, item));
    case "object":
      return isObject(value) || (kind.orFalse === true && value === false);
  }
}

/** The objects of a list are judged by what uses them. */
function isItem(kind: Kind, item: unknown): boolean {
  if (typeof item === "symbol" || kind.type === "object") return true;
  return isOfKind(kind, item) && (kind.type !== "string" || item !== "");
}

function formOfKind(kind: Kind): string {
  switch (kind.type) {
    case "string":
      return "a string";
    case "boolean":
      return "true or false";
    case "integer":
      return kind.most === undefined ? "a positive integer" : `a positive integer of at most ${kind.most}`;
    case "duration":
      return 'a duration such as "30s" or "20h"';
    case "timeout":
      return 'a duration such as "30s", or a number of seconds';
    case "time":
      return "a time with its zone";
    case "choice":
      return `one of ${kind.choices.map((choice) => `"${choice}"`).join(", ")}`;
    case "guard":
      return "a guard";
    case "archive":
      return "the path or URL of an archive";
    case "any":
      return "any value";
    case "list":
      return kind.of.type === "object" ? `a list of ${formOfKind(kind.of)}` : "a list of strings";
    case "object":
      return `{ ${Object.keys(NOUNS[kind.noun]).join(", ")} }`;
  }
}

/** @throws SnapshotError `ARGUMENT_INVALID` */
function milliseconds(value: unknown): number {
  return typeof value === "number" ? value * 1000 : parseDuration(String(value));
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
