/**
 * Cleans text from outside (Consul, proxies, stores, manifests, archives, file names) before it is shown. Escape
 * sequences and line breaks must not forge what an operator confirms, and echoed requests must not reveal a secret.
 */

import { LONGEST_SPELLING, Secrets } from "./secrets";
import type { Range } from "./tracedBytes";

declare const LINES: unique symbol;
declare const LINE: unique symbol;

/**
 * Text of any number of lines that is safe to show: our own words around clean values. Everything that shows text (the
 * terminal, logs, endpoints, the engine) demands this type, and only this file makes it: the linter forbids a cast.
 */
export type CleanLines = string & { readonly [LINES]: true };

/** One such line: without line breaks, control characters and secrets of this process. */
export type CleanText = CleanLines & { readonly [LINE]: true };

/** The longest quotation from outside in a message, in characters. */
const LONGEST_QUOTE = 200;
/** The longest message, in characters: a refusal with all its guards is shorter. */
const LONGEST_MESSAGE = 16_000;
/** Only the beginning of a longer text is searched: this many times the shown length, plus the length of one secret. */
const WINDOW = 4;
/** For our own messages, only the shown part is searched: quotations in it are already shortened. */
const MESSAGE_WINDOW = 1;

/** The secrets of this process. */
const registered = new Secrets();

/**
 * Registers a secret (a token, a password, a key, an `Authorization` header): from now on, no cleaned text shows it.
 * Values of less than 4 characters are ignored.
 */
export function registerSecret(value: string | undefined): void {
  registered.add(value);
}

/** `CONSUL_CLIENT_KEY` is the path of a key. */
const SECRET_NAME =
  /(SECRET|TOKEN|PASSW(OR)?D|PASSPHRASE|(ACCESS|ACCOUNT|STORAGE|PRIVATE|API)_?KEY|CONNECTION_STRING|HTTP_AUTH|SAS)/i;
const NO_SECRET_NAME = /_(FILE|PATH|ID|ENDPOINT|URL|URI)$/i;

/**
 * Registers the secrets in environment variables, by the names that clouds and Consul use.
 *
 * @param secrets - Default: the secrets of this process
 */
export function registerEnvironment(env: NodeJS.ProcessEnv, secrets = registered): void {
  for (const [name, value] of Object.entries(env)) {
    if (SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name) && (value ?? "").length >= 8) secrets.add(value);
  }
}

/**
 * Cleans one line of text from outside. Control characters, line breaks and characters that change the text direction
 * become spaces; secrets become `…`.
 *
 * @param limit - the longest result, in characters. Default: 200
 * @param secrets - Default: the secrets of this process
 */
export function cleanText(text: string, limit = LONGEST_QUOTE, secrets = registered): CleanText {
  return clean(text, limit, /[\s\p{C}]+/gu, secrets, WINDOW).trim() as CleanText;
}

/**
 * Cleans one of our own messages, which may have several lines, as a last barrier before it is shown. Quotations in it
 * were already cleaned. A secret of less than 8 characters stays: it may be a word of the message.
 */
export function cleanMessage(message: string, limit = LONGEST_MESSAGE): CleanLines {
  // Tabs and line breaks are part of our own message.
  const unwanted = /(?:(?![\n\t])[\p{C}\p{Zl}\p{Zp}])+/gu;
  return clean(message, limit, unwanted, registered, MESSAGE_WINDOW, "certain") as CleanLines;
}

/** As `cleanMessage`, for a message of one line: a name from outside in it must not begin another line. */
export function cleanLine(message: string): CleanText {
  return onOneLine(cleanMessage(message), " ");
}

/** The same text on one line. */
export function onOneLine(text: CleanLines, separator: " " | ". " | "; "): CleanText {
  return text.replace(/\s*\n\s*/g, separator) as CleanText;
}

/**
 * Template tag for our own sentences; it cleans each value that is filled in: `` sentence`there is no object ${name}`
 * ``.
 */
export function sentence(words: TemplateStringsArray, ...values: readonly (string | number)[]): CleanText {
  return words.map((word, i) => (i === 0 ? word : `${cleanText(String(values[i - 1]))}${word}`)).join("") as CleanText;
}

/**
 * Template tag as `sentence`, for values that are long and mostly our own, such as locations: it makes one line of each
 * and does not shorten it to a quotation.
 */
export function remark(words: TemplateStringsArray, ...values: readonly (string | number)[]): CleanText {
  return words.map((word, i) => (i === 0 ? word : `${cleanLine(String(values[i - 1]))}${word}`)).join("") as CleanText;
}

/** Template tag for our own words around values that are clean already: it changes nothing, and takes no other values. */
export function composed(words: TemplateStringsArray, ...values: readonly (CleanLines | number)[]): CleanLines {
  return words.map((word, i) => (i === 0 ? word : `${values[i - 1] ?? ""}${word}`)).join("") as CleanLines;
}

/** Joins clean text. */
export function joined(
  parts: readonly CleanLines[],
  separator: "" | " " | "  " | ", " | "; " | ". " | " · " | "\n" | "\n  ",
): CleanLines {
  return parts.join(separator) as CleanLines;
}

/** At most the first characters of clean text. */
export function shortened<T extends CleanLines>(text: T, length: number): T {
  return text.slice(0, length) as T;
}

/** Fills a cell of a table with blanks. */
export function padded(text: CleanText, width: number, side: "left" | "right" = "right"): CleanText {
  return (side === "right" ? text.padEnd(width) : text.padStart(width)) as CleanText;
}

/** Indents all lines but the first. */
export function hanging(text: CleanLines, blanks: number): CleanLines {
  return text.replaceAll("\n", `\n${" ".repeat(blanks)}`) as CleanLines;
}

/**
 * A JSON document without a line break at its end. No string in it shows a secret of this process.
 *
 * @param indent - in blanks; with 0 it is one line
 */
export function cleanJson(value: unknown, indent: number): CleanLines {
  const json = JSON.stringify(
    value,
    (_name, inner: unknown) => (typeof inner === "string" ? cleanMessage(inner) : inner),
    indent,
  );
  return escapeJson(json) as CleanLines;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Clean text for HTML: no character of it is markup. */
export function escapeHtml(text: CleanText): CleanText {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "") as CleanText;
}

/** Characters that a terminal might interpret, although JSON allows them in strings. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON with the same value, in which every character that a terminal might interpret is escaped. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}

/** An error code of a server or a library, if it looks like one and so is safe to show. */
export function cleanCode(code: unknown): CleanText | undefined {
  if (typeof code !== "string" || !/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(code)) return undefined;
  return registered.find(code).length === 0 ? (code as CleanText) : undefined;
}

/**
 * Whether a name from outside (a datacenter, a version) can be stored and shown unchanged: one short word that contains
 * no secret of this process.
 */
export function isPlainName(text: string): boolean {
  return /^[\w.+-]{1,128}$/.test(text) && registered.find(text).length === 0;
}

function clean(
  text: string,
  limit: number,
  unwanted: RegExp,
  secrets: Secrets,
  factor: number,
  only?: "certain",
): string {
  const window = factor * limit + LONGEST_SPELLING;
  const line = text.slice(0, window).replace(unwanted, " ");
  // A secret that is cut by the end of the window would not be recognized, so drop the part where one could begin.
  const end = text.length > window ? Math.max(0, line.length - LONGEST_SPELLING) : line.length;
  const shown = mask(line, secrets.find(line, only), end);
  const isWhole = end === line.length && shown.length <= limit;
  return isWhole ? shown : `${shown.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function mask(text: string, ranges: readonly Range[], end: number): string {
  const parts: string[] = [];
  let from = 0;
  for (const range of ranges) {
    if (range.start >= end) break;
    parts.push(text.slice(from, range.start), "…");
    from = range.end;
  }
  parts.push(text.slice(from, Math.max(from, end)));
  return parts.join("");
}
