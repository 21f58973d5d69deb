/**
 * The secrets of this process, and the search for them in strings. Servers and proxies echo what they receive, often in
 * another encoding: in upper case, percent-encoded, in JSON or HTML, as base64 or hexadecimal, over several lines. So a
 * string is decoded step by step, and each step is searched.
 */

import { type DecodedText, decodings } from "./decodings";

/** A shorter value does not count as a secret: it would match everywhere. */
export const SHORTEST_SECRET = 4;
/** From this length on, a match is not a coincidence. */
const CERTAIN = 8;
/** A longer secret, such as a key, is searched in pieces, so that a part of it is found, too. */
const PIECE = 64;
/** Maximum number of secrets, so that a process that renews its token every hour does not grow. */
const MOST = 200;

/** Upper limit for the length of an encoded piece, in characters. */
export const LONGEST_SPELLING = 2 * PIECE * 16;

export interface Range {
  readonly start: number;
  readonly end: number;
}

interface Needles {
  readonly isCertain: boolean;
  /** In lower case, without the characters that the search ignores. */
  readonly plain: readonly string[];
  readonly base64: readonly string[];
}

export class Secrets {
  readonly #needles = new Map<string, Needles>();

  /**
   * Registers a secret. For an `Authorization` header, its parts and their base64-decoded form are registered, too; for
   * `user:password`, the password. Values shorter than 4 characters are ignored.
   */
  add(value: string | undefined): void {
    if (value === undefined) return;
    for (const part of partsOf(value.trim())) {
      if (part.length < SHORTEST_SECRET || this.#needles.has(part)) continue;
      this.#needles.set(part, needlesOf(part));
      const [oldest] = this.#needles.keys();
      if (this.#needles.size > MOST && oldest !== undefined) this.#needles.delete(oldest);
    }
  }

  /**
   * The ranges of a string that contain secrets, in order and without overlaps.
   *
   * @param only - `"certain"`: ignore secrets of less than 8 characters, which may be ordinary words of our own
   * messages
   */
  find(text: string, only?: "certain"): Range[] {
    const wanted = [...this.#needles.values()].filter(({ isCertain }) => isCertain || only === undefined);
    if (wanted.length === 0) return [];
    const ranges: Range[] = [];
    for (const decoded of decodings(text)) {
      const plain = decoded.without(/[\s+\\]/).lowerCase();
      const base64 = decoded.without(/[\s\\]/);
      const digits = base64.chars.replaceAll("-", "+").replaceAll("_", "/");
      for (const needles of wanted) {
        for (const needle of needles.plain) search(plain.chars, plain, needle, 0, ranges);
        // The digits at both ends contain bits of the secret and of its neighbors.
        for (const needle of needles.base64) search(digits, base64, needle, 1, ranges);
      }
    }
    return merged(ranges);
  }
}

/** @param margin - number of adjacent characters on each side to include in the match */
function search(chars: string, text: DecodedText, needle: string, margin: 0 | 1, found: Range[]): void {
  for (let at = chars.indexOf(needle); at !== -1; at = chars.indexOf(needle, at + 1)) {
    const last = at + needle.length - 1;
    const hasBefore = at > 0 && text.endOf(at - 1) === text.startOf(at);
    const hasAfter = last + 1 < chars.length && text.startOf(last + 1) === text.endOf(last);
    found.push({
      start: text.startOf(hasBefore ? at - margin : at),
      end: text.endOf(hasAfter ? last + margin : last),
    });
  }
}

function merged(ranges: Range[]): Range[] {
  ranges.sort((one, other) => one.start - other.start);
  const result: Range[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last === undefined || range.start >= last.end) result.push(range);
    else if (range.end > last.end) result[result.length - 1] = { start: last.start, end: range.end };
  }
  return result;
}

/** The parts of a value that are secrets themselves. */
function partsOf(value: string): string[] {
  const [, scheme, credentials] = /^(Basic|Bearer|Token)\s+(\S.*)$/i.exec(value) ?? [];
  if (scheme !== undefined && credentials !== undefined) {
    const decoded = scheme.toLowerCase() === "basic" ? Buffer.from(credentials, "base64").toString() : "";
    return [...partsOf(credentials), ...partsOf(decoded)];
  }
  // In an Azure connection string or a signed URL, only this part is secret.
  const keys = [...value.matchAll(/\b(?:AccountKey|sig)=([^;&\s]+)/gi)].flatMap(([, key = ""]) => piecesOf(key));
  const lines = value.split(/[\r\n]+/).filter((line) => line !== "" && !line.startsWith("-----"));
  const password = lines.length > 1 ? undefined : /^[^:\s]*:(.+)$/.exec(value)?.[1];
  return [...keys, ...(password === undefined ? [] : [password]), ...lines.flatMap(piecesOf)];
}

function piecesOf(line: string): string[] {
  if (line.length <= 2 * PIECE) return [line];
  const pieces = line.match(new RegExp(`.{1,${PIECE}}`, "gs")) ?? [];
  return pieces.filter((piece) => piece.length >= CERTAIN);
}

function needlesOf(secret: string): Needles {
  const bytes = Buffer.from(secret);
  const isCertain = secret.length >= CERTAIN;
  // A secret that itself contains a % or a backslash is decoded together with the rest of the text.
  const plain = decodings(secret).map((decoded) => decoded.without(/[\s+\\]/).lowerCase().chars);
  return {
    isCertain,
    plain: [...plain, ...(isCertain ? [bytes.toString("hex")] : [])].filter(
      (needle) => needle.length >= SHORTEST_SECRET,
    ),
    // Inside a longer base64 string, the same bytes have one of three encodings.
    base64: (isCertain ? [0, 1, 2] : [0]).map((offset) => base64Needle(bytes, offset)),
  };
}

/** The base64 digits that depend only on these bytes if `offset` other bytes precede them. */
function base64Needle(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
