/**
 * The encodings in which servers and proxies repeat what they receive. Each decoder finds all parts of a text that could be
 * in its encoding and decodes them; a part that is not in it becomes meaningless bytes, in which no secret is found.
 */

import { TextBuilder, TracedBuilder, type TracedBytes } from "./tracedBytes";

/**
 * @param least - the length of the shortest piece of text in decoded bytes
 * @returns nothing if no part of the text is in this encoding
 */
type Decoder = (text: TracedBytes, least: number) => TracedBytes[];

/**
 * Escapes of URLs, JSON and most languages, and HTML. A run of backslashes is matched only from its beginning: from
 * every one of them, a long run would take quadratic time.
 */
const ESCAPED =
  /(?:%u|\bU\+)([0-9a-f]{4})(?: (?=U\+))?|%([0-9a-f]{2})|(?<!\\)\\+(?:u(0{4}[0-9a-f]{4}|[0-9a-f]{4}|\{[0-9a-f]{1,6}\})|x([0-9a-f]{2}|\{[0-9a-f]{1,6}\})|([0-3][0-7]{2})|([nrt]))|&#(x[0-9a-f]{1,10}|[0-9]{1,10});?|&([a-z]{2,31});/gi;
/** Quoted-printable (RFC 2045), and a line break in it. */
const QUOTED = /=(?:([0-9a-f]{2})|\s+)/gi;

/** All other names are those of punctuation and of letters with accents: the search ignores blanks. */
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", equals: "=" };
const BLANK = " ";

/** Shorter lists are not decoded. */
const LEAST_NUMBERS = 4;
/** Any word consists of digits of base32. */
const LEAST_IN_BASE_32 = 7;

const NO_DIGIT = -1;
/** Does not end a run of digits. */
const SKIPPED = -2;

/** What each character code means among digits: its value, `SKIPPED` or `NO_DIGIT`. */
function digits(skipped: string, ...alphabets: readonly string[]): Int8Array {
  const values = new Int8Array(256).fill(NO_DIGIT);
  for (const character of skipped) values[character.charCodeAt(0)] = SKIPPED;
  for (const alphabet of alphabets) {
    for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;
  }
  return values;
}

const [UPPER, LOWER] = ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"];
/** Also what mail and terminals begin a quoted line with. */
const BLANKS = " \t\r\n\v\f\\>";
const BASE_64 = digits(BLANKS, `${UPPER}${LOWER}0123456789+/`, `${UPPER}${LOWER}0123456789-_`);
const BASE_32 = digits("\r\n", `${UPPER}234567`, `${LOWER}234567`);
const HEXADECIMAL = digits(`${BLANKS}:,;._|+-`, "0123456789ABCDEF", "0123456789abcdef");

/** The digits of the current run, and where each of them is in the text. Reused: most texts are short. */
let values = new Uint8Array(4096);
let places = new Int32Array(4096);

/**
 * Decodes each run of digits from each digit that can be the first one of a byte, since what comes before the encoded part can
 * look like digits, too. Only what is text again is kept.
 *
 * @param bits - of one digit
 * @param least - the length of the shortest piece of text
 */
function decodeRuns(
  text: TracedBytes,
  alphabet: Int8Array,
  bits: number,
  shifts: number,
  least: number,
): TracedBytes[] {
  if (text.length > values.length) {
    values = new Uint8Array(2 * text.length);
    places = new Int32Array(2 * text.length);
  }
  const builder = new TextBuilder(text.length, least);
  let count = 0;
  for (let i = 0; i <= text.length; i++) {
    const value = i === text.length ? NO_DIGIT : (alphabet[text.bytes[i] as number] as number);
    if (value >= 0) {
      values[count] = value;
      places[count++] = i;
    } else if (value === NO_DIGIT) {
      if (count * bits >= 8 * least)
        for (let shift = 0; shift < shifts; shift++) decodeRun(text, count, bits, shift, builder);
      count = 0;
    }
  }
  const decoded = builder.build();
  return decoded === undefined ? [] : [decoded];
}

/** @param from - the first digit */
function decodeRun(text: TracedBytes, to: number, bits: number, from: number, builder: TextBuilder): void {
  let [held, count, first] = [0, 0, from];
  for (let i = from; i < to; i++) {
    if (count === 0) first = i;
    held = (held << bits) | (values[i] as number);
    count += bits;
    if (count < 8) continue;
    count -= 8;
    builder.add((held >> count) & 0xff, text.startOf(places[first] as number), text.endOf(places[i] as number));
    held &= (1 << count) - 1;
    first = i;
  }
  builder.end();
}

const base64: Decoder = (text, least) => decodeRuns(text, BASE_64, 6, 4, least);
const base32: Decoder = (text, least) => decodeRuns(text, BASE_32, 5, 8, Math.max(least, LEAST_IN_BASE_32));

const PREFIXED = /0x/i;
/** The zero of a prefix `0x` is no digit. */
const hexadecimal: Decoder = (text, least) => {
  const source = PREFIXED.test(text.chars) ? replaced(text, /0x/gi, () => BLANK) : text;
  return decodeRuns(source, HEXADECIMAL, 4, 2, least);
};

/** Lists of numbers, one for each byte: in Go `[98 49]`, in JSON `[98,49]`, in octal `\142\061`. */
const numbers: Decoder = (text) => {
  return LIST.test(text.chars) ? [10, 8, 2].flatMap((radix) => listsOf(text, radix)) : [];
};

const LIST = /(?:\d{1,10}\D{1,16}){3}\d/;
/** Two numbers of a list have punctuation between them, or the same as the two before. */
const PUNCTUATION = /^[^0-9A-Za-z\u00ff]{1,8}$/;

function listsOf(text: TracedBytes, radix: number): TracedBytes[] {
  const builder = new TracedBuilder(text.length >> 1);
  let [longest, count, from] = [0, 0, 0];
  let [before, add] = ["", (): void => undefined];
  for (const match of text.chars.matchAll(/[0-9]+/g)) {
    const [written] = match;
    const value = valueOf(written, radix);
    const between = text.chars.slice(from, Math.min(match.index, from + 20));
    if (count > 0 && (value === undefined || !(PUNCTUATION.test(between) || count === 1 || between === before))) {
      builder.addGap();
      count = 0;
      // The former number can be the first one of this list.
      if (value !== undefined) {
        add();
        count = 1;
      }
    }
    before = between;
    from = match.index + written.length;
    if (value === undefined) continue;
    const [start, end] = [text.startOf(match.index), text.endOf(from - 1)];
    add = () => builder.add(value, start, end);
    add();
    count += 1;
    longest = Math.max(longest, count);
  }
  return longest < LEAST_NUMBERS ? [] : [builder.build()];
}

const FORMS: Readonly<Record<number, RegExp>> = { 10: /^0{0,2}\d{1,3}$/, 8: /^0{0,2}[0-7]{2,3}$/, 2: /^[01]{6,8}$/ };

function valueOf(written: string, radix: number): number | undefined {
  const value = FORMS[radix]?.test(written) === true ? Number.parseInt(written, radix) : 256;
  return value < 256 ? value : undefined;
}

const escapes: Decoder = (text) => {
  if (!/[%\\&]|u\+/i.test(text.chars)) return [];
  const decoded = replaced(text, ESCAPED, ([, unicode, percent, escape, byte, octal, blank, entity, name]) => {
    const single = percent ?? (byte?.startsWith("{") === true ? undefined : byte);
    if (single !== undefined) return Number.parseInt(single, 16);
    if (octal !== undefined) return Number.parseInt(octal, 8);
    if (blank !== undefined) return BLANK;
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? BLANK;
    const digits = unicode ?? escape?.replace(/[{}]/g, "") ?? byte?.replace(/[{}]/g, "");
    const isDecimal = digits === undefined && !/^x/i.test(entity ?? "");
    const code = isDecimal ? Number(entity) : Number.parseInt(digits ?? entity?.slice(1) ?? "", 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : BLANK;
  });
  return decoded === text ? [] : [decoded];
};

/** UTF-16, of which a text in another encoding was made. */
const wide: Decoder = (text) => (text.chars.includes("\0") ? [replaced(text, /\0/g, () => "")] : []);

const CHARACTERS =
  /[\u00c2-\u00df][\u0080-\u00bf]|[\u00e0-\u00ef][\u0080-\u00bf]{2}|[\u00f0-\u00f4][\u0080-\u00bf]{3}/g;
/** Letters that were decoded byte by byte are read as `TracedBytes.of` reads them. */
const letters: Decoder = (text) => {
  if (!/[\u00c2-\u00f4]/.test(text.chars)) return [];
  const folded = replaced(text, CHARACTERS, ([bytes = ""]) => {
    const read = Buffer.from(bytes, "latin1").toString();
    return read.includes("\ufffd") ? undefined : read;
  });
  return folded.chars === text.chars ? [] : [folded];
};

const quoted: Decoder = (text) => {
  if (!text.chars.includes("=")) return [];
  const decoded = replaced(text, QUOTED, ([, byte]) => (byte === undefined ? "" : Number.parseInt(byte, 16)));
  return decoded === text ? [] : [decoded];
};

/** @param by - a byte or characters; `undefined` leaves the match as it is */
function replaced(
  text: TracedBytes,
  pattern: RegExp,
  by: (match: readonly (string | undefined)[]) => number | string | undefined,
): TracedBytes {
  let builder: TracedBuilder | undefined;
  let from = 0;
  const copy = (to: number): void => {
    for (; from < to; from++) builder?.add(text.bytes[from] as number, text.startOf(from), text.endOf(from));
  };
  for (const match of text.chars.matchAll(pattern)) {
    const decoded = by(match);
    if (decoded === undefined) continue;
    builder ??= new TracedBuilder(text.length);
    copy(match.index);
    const [start, end] = [text.startOf(from), text.endOf(from + match[0].length - 1)];
    if (typeof decoded === "number") builder.add(decoded, start, end);
    else if (decoded !== "") builder.addCharacter(decoded, start, end);
    from += match[0].length;
  }
  if (builder === undefined) return text;
  copy(text.length);
  return builder.build();
}

const DECODERS: readonly Decoder[] = [escapes, quoted, wide, letters, numbers, hexadecimal, base64, base32];

/**
 * The results of decoding texts one step further, in each encoding.
 *
 * @param least - the length of the shortest piece of text that matters
 */
export function decodings(texts: readonly TracedBytes[], least: number): TracedBytes[] {
  const found: TracedBytes[] = [];
  for (const text of texts) {
    for (const decoder of DECODERS) {
      for (const decoded of decoder(text, least)) if (decoded.length >= least) found.push(decoded);
    }
  }
  // In which order two encodings were decoded makes no difference.
  return found.length < 2 ? found : [...new Map(found.map((text) => [keyOf(text), text])).values()];
}

function keyOf(text: TracedBytes): string {
  return `${text.startOf(0)} ${text.endOf(text.length - 1)} ${text.chars}`;
}
