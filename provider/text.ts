/**
 * Cleans text from outside (Consul, proxies, stores, manifests, archives, file names) before it is shown. Escape
 * sequences and line breaks must not forge what an operator confirms, and echoed requests must not reveal a secret.
 */

import { LONGEST_SPELLING, type Range, Secrets } from "./secrets";

declare const CLEAN: unique symbol;

/** Text that is safe to show: one line, of limited length, without control characters and secrets of this process. */
export type CleanText = string & { readonly [CLEAN]: true };

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
export function cleanMessage(message: string): string {
  // Tabs and line breaks are part of our own message.
  return clean(message, LONGEST_MESSAGE, /(?:(?![\n\t])[\p{C}\p{Zl}\p{Zp}])+/gu, registered, MESSAGE_WINDOW, "certain");
}

/** As `cleanMessage`, for a message of one line: a name from outside in it must not begin another line. */
export function cleanLine(message: string): string {
  return cleanMessage(message).replace(/\s*\n\s*/g, " ");
}

/**
 * Template tag for our own sentences; it cleans each value that is filled in: `` sentence`there is no object ${name}`
 * ``.
 */
export function sentence(words: TemplateStringsArray, ...values: readonly (string | number)[]): CleanText {
  return words.map((word, i) => (i === 0 ? word : `${cleanText(String(values[i - 1]))}${word}`)).join("") as CleanText;
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
