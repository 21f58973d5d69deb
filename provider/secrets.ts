/**
 * The secrets of this process, and the search for them in strings. Servers and proxies echo what they receive, often in
 * another encoding, and often only a part of it. So a string is decoded in each encoding, as often as it seems to be
 * encoded, and each result is searched for parts of the secrets.
 */

import { decodings } from "./decodings";
import { SecretParts } from "./secretParts";
import { type Range, TracedBytes } from "./tracedBytes";

/** A shorter value does not count as a secret: it would match everywhere. */
export const SHORTEST_SECRET = 4;
/** From this length on, a match is not a coincidence. */
const CERTAIN = 8;
/** A longer secret, such as a key, is registered in pieces. */
const PIECE = 64;
/** Maximum number of secrets of a generation, so that a process that renews its token every hour does not grow. */
const MOST = 200;

/** Upper limit for the length of an encoded piece, in characters. */
export const LONGEST_SPELLING = 2 * PIECE * 16;

/** How often a text can be encoded. */
const MOST_STEPS = 10;
/** All results of decoding a text are together at most this many times as long, plus a constant. Real ones are below 12. */
const MOST_GROWTH = 40;
const LEAST_WORK = 4096;

/** Something to search for. */
interface Secret {
  readonly text: string;
  /** Whether a part of it is secret, too, if it is not within the first bytes. */
  readonly inParts: boolean;
  readonly publicBytes: number;
}

/** Secrets that were registered one after another, and their parts. */
class Generation {
  readonly #known = new Set<string>();
  readonly certain = new SecretParts();
  /** Those that could also be ordinary words. */
  readonly short = new SecretParts();

  get isFull(): boolean {
    return this.#known.size >= MOST;
  }

  has({ text }: Secret): boolean {
    return this.#known.has(text);
  }

  add({ text, inParts, publicBytes }: Secret): void {
    this.#known.add(text);
    const index = text.length >= CERTAIN ? this.certain : this.short;
    // Texts are folded; what is decoded from them is not.
    // A secret that itself contains a % or an & is decoded together with the text around it.
    for (const { chars } of decodings([TracedBytes.of(text)], SHORTEST_SECRET))
      index.add(Buffer.from(chars, "latin1"), inParts);
    for (const form of binaryForms(text)) index.add(Buffer.from(form), inParts);
    for (const bytes of [Buffer.from(TracedBytes.of(text).chars, "latin1"), Buffer.from(text)]) {
      index.add(bytes, inParts, publicBytes);
    }
  }
}

/** The newest secrets, at least 200. A secret that is still used is registered again, and so it stays. */
export class Secrets {
  #newest = new Generation();
  #former = new Generation();

  /**
   * Registers a secret. For an `Authorization` header, its parts and their base64-decoded form are registered, too; for
   * `user:password`, the password. Values shorter than 4 characters are ignored.
   */
  add(value: string | undefined): void {
    if (value === undefined) return;
    for (const secret of partsOf(value.trim())) {
      if (secret.text.length < SHORTEST_SECRET || this.#newest.has(secret)) continue;
      // To take single secrets out of an index, all others would have to be added to a new one: half a second for each.
      if (this.#newest.isFull) [this.#former, this.#newest] = [this.#newest, new Generation()];
      this.#newest.add(secret);
    }
  }

  /**
   * The ranges of a string that contain secrets or parts of them, in order and without overlaps.
   *
   * @param only - `"certain"`: ignore secrets of less than 8 characters, which may be ordinary words of our own
   * messages
   */
  find(text: string, only?: "certain"): Range[] {
    const generations = [this.#newest, this.#former];
    const certain = generations.map((each) => each.certain).filter(({ size }) => size > 0);
    const short = only === "certain" ? [] : generations.map((each) => each.short).filter(({ size }) => size > 0);
    const wanted = [...certain, ...short];
    if (wanted.length === 0 || text.length < SHORTEST_SECRET) return [];
    const least = short.length > 0 ? SHORTEST_SECRET : CERTAIN;
    const ranges: Range[] = [];
    let left = MOST_GROWTH * text.length + LEAST_WORK;
    let texts = [TracedBytes.of(text)];
    for (let step = 0; texts.length > 0; step++) {
      left -= texts.reduce((sum, { length }) => sum + length, 0);
      // Only an attempt to hide something is encoded so often: all of it is removed.
      const isTooMuch = left < 0 || step > MOST_STEPS;
      for (const each of texts) {
        if (isTooMuch) ranges.push(rangeOf(each));
        else for (const parts of wanted) parts.search(each, ranges);
      }
      texts = isTooMuch ? [] : decodings(texts, least);
    }
    return merged(ranges);
  }
}

function rangeOf(text: TracedBytes): Range {
  return { start: text.startOf(0), end: text.endOf(text.length - 1) };
}

function merged(ranges: Range[]): Range[] {
  ranges.sort((one, other) => one.start - other.start);
  const result: Range[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last === undefined || range.start > last.end) result.push(range);
    else if (range.end > last.end) result[result.length - 1] = { start: last.start, end: range.end };
  }
  return result;
}

/** A URL or a path: what lies at a secret place is named in results, so only the whole of it is recognized. */
const PLACE = /^(?:[a-z][a-z0-9+.-]*:\/\/|\.{0,2}\/[a-z.-]{3,}\/|[A-Z]:\\)/;

/** How programs show the bytes of a UUID or another value in hexadecimal, if they have decoded it. */
function binaryForms(text: string): string[] {
  if (text.length < 2 * CERTAIN || !/^[0-9a-f-]+$/i.test(text)) return [];
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  return [bytes.toString("base64"), bytes.join(" ")];
}

/** The parts of a value that are secrets themselves. */
function partsOf(value: string): Secret[] {
  const [, scheme, credentials] = /^(Basic|Bearer|Token)\s+(\S.*)$/i.exec(value) ?? [];
  if (scheme !== undefined && credentials !== undefined) {
    const decoded = scheme.toLowerCase() === "basic" ? Buffer.from(credentials, "base64").toString() : "";
    return [...partsOf(credentials), ...partsOf(decoded)];
  }
  if (PLACE.test(value) && !SIGNED.test(value)) return whole(value);
  if (SIGNED.test(value)) return [...whole(value), ...fieldsOf(value).flatMap((field) => inParts(field))];
  const lines = value.split(/[\r\n]+/).filter((line) => line !== "" && !line.startsWith("-----"));
  const password = lines.length > 1 ? undefined : /^[^:\s]*:(.+)$/.exec(value)?.[1];
  if (password === undefined) return lines.flatMap((line) => inParts(line, AGE_PREFIX.exec(line)?.[0].length));
  // The name of the user alone is no secret.
  return [...inParts(password), ...inParts(value, value.length - password.length)];
}

/** How every age identity begins, also in our own messages. */
const AGE_PREFIX = /^AGE-SECRET-KEY-(?:PQ-)?1/i;
/** An Azure connection string or a signed URL. */
const SIGNED = /\b(?:AccountKey|sig)=/i;
const PUBLIC =
  /^(?:DefaultEndpointsProtocol|Account|AccountName|EndpointSuffix|\w*Endpoint|s(?!ig)[a-z]{1,4}|https?:.*)(?:=|$)/i;

function fieldsOf(value: string): string[] {
  return value
    .split(/[;&?\s]+/)
    .filter((field) => !PUBLIC.test(field))
    .map((field) => field.replace(/^(?:AccountKey|sig)=/i, ""));
}

function inParts(text: string, publicLength = 0): Secret[] {
  const publicBytes = Buffer.byteLength(text.slice(0, publicLength));
  return piecesOf(text).map((piece, at) => ({ text: piece, inParts: true, publicBytes: at === 0 ? publicBytes : 0 }));
}

function whole(text: string): Secret[] {
  return piecesOf(text).map((piece) => ({ text: piece, inParts: false, publicBytes: 0 }));
}

function piecesOf(line: string): string[] {
  if (line.length <= 2 * PIECE) return [line];
  const pieces = line.match(new RegExp(`.{1,${PIECE}}`, "gs")) ?? [];
  return pieces.filter((piece) => piece.length >= CERTAIN);
}
