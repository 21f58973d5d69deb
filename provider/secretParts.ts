/** The parts of secrets by which they are recognized in a text, and the search for them. */

import type { Range, TracedBytes } from "./tracedBytes";

/** A part of this length is recognized, whatever it consists of. */
const LONG = 12;
/** Of a secret of less than 24 characters, half of it is, but not less than this, and not if it could be an ordinary word. */
const SHORT = 8;
/** The shortest secret, and how much of a part is compared first. */
const LEAST = 4;
/** Letters, and what joins words. */
const WORDS = /^[a-z\u0080-\u00ff _./:-]*$/;

/** What a search ignores: how letters are written, and what servers insert or replace. A 0 leaves the byte out. */
function table(isKept: (character: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => {
    const character = String.fromCharCode(code);
    if (code < 0x80 && !isKept(character)) return 0;
    return code < 0x80 ? character.toLowerCase().charCodeAt(0) : code;
  });
}

/** Without blanks and control characters, and what escapes them or stands for them. */
const TIGHT = table((character) => /[!-~]/.test(character) && !/[+\\]/.test(character));
/** Only letters and digits. */
const LOOSE = table((character) => /[0-9A-Za-z]/.test(character));

/** A part that says little, such as twelve zeros, is in other values, too. */
function isTelling(part: string): boolean {
  return new Set(part).size > 2;
}

export class SecretParts {
  readonly #tight = new Parts(LEAST);
  readonly #loose = new Parts(SHORT);

  get size(): number {
    return this.#tight.size;
  }

  /**
   * @param inParts - whether a part of the secret is recognized, too
   * @param publicBytes - a part within that many first bytes is not
   */
  add(secret: Uint8Array, inParts: boolean, publicBytes = 0): void {
    const addTo = (parts: Parts, by: Uint8Array): void => {
      parts.add(reduced(secret, by), inParts, reduced(secret.subarray(0, publicBytes), by).length);
    };
    addTo(this.#tight, TIGHT);
    // Without what joins its words, a secret such as "the-token" would be in ordinary sentences.
    const isFewWords = secret.length < LONG && WORDS.test(Buffer.from(secret).toString("latin1").toLowerCase());
    if (!isFewWords) addTo(this.#loose, LOOSE);
  }

  search(text: TracedBytes, found: Range[]): void {
    this.#tight.search(text, TIGHT, found);
    this.#loose.search(text, LOOSE, found);
  }
}

class Parts {
  readonly #parts = new Set<string>();
  readonly #lengths: number[] = [];
  /** By a hash of the first bytes, whether a part can begin with them. */
  readonly #beginnings = new Uint8Array(65_536);

  /** @param least - the length of the shortest secret */
  constructor(private readonly least: number) {}

  get size(): number {
    return this.#parts.size;
  }

  add(secret: Buffer, inParts: boolean, publicBytes: number): void {
    this.#addParts(secret, inParts, (_from, to) => to > publicBytes);
    // Some programs print bytes in reverse order.
    const reversed = Buffer.from(secret).reverse();
    this.#addParts(reversed, inParts, (from) => from < secret.length - publicBytes);
  }

  #addParts(bytes: Buffer, inParts: boolean, isSecret: (from: number, to: number) => boolean): void {
    const all = bytes.toString("latin1");
    if (all.length < this.least) return;
    const half = Math.min(LONG, Math.max(SHORT, Math.ceil(all.length / 2)));
    const long = Math.min(LONG, all.length);
    let isCovered = inParts && all.length > half;
    for (let at = 0; inParts && at + half <= all.length; at++) {
      if (at + long <= all.length) {
        if (isSecret(at, at + long) && isTelling(all.slice(at, at + long))) this.#addPart(bytes, at, at + long);
        else isCovered = false;
      }
      const short = all.slice(at, at + half);
      const isShort = half < long && !WORDS.test(short) && isTelling(short);
      if (isShort && isSecret(at, at + half)) this.#addPart(bytes, at, at + half);
    }
    if (!isCovered) this.#addPart(bytes, 0, all.length);
  }

  search(text: TracedBytes, by: Uint8Array, found: Range[]): void {
    const length = reduce(text, by);
    let chars = "";
    let last: { start: number; end: number } | undefined;
    let until = -1;
    for (let at = 0; at + LEAST <= length; at++) {
      if (this.#beginnings[beginningAt(bytes, at)] === 0) continue;
      if (chars === "") chars = bytes.toString("latin1", 0, length);
      for (const size of this.#lengths) {
        if (at + size > length || !this.#parts.has(chars.slice(at, at + size))) continue;
        const end = text.endOf(places[at + size - 1] as number);
        if (last !== undefined && at < until) last.end = Math.max(last.end, end);
        else found.push((last = { start: text.startOf(places[at] as number), end }));
        until = Math.max(until, at + size);
      }
    }
  }

  #addPart(bytes: Buffer, from: number, to: number): void {
    const part = bytes.toString("latin1", from, to);
    this.#parts.add(part);
    this.#beginnings[beginningAt(bytes, from)] = 1;
    if (!this.#lengths.includes(part.length)) this.#lengths.push(part.length);
  }
}

function beginningAt(bytes: Uint8Array, at: number): number {
  const one = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  const other = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
  return (Math.imul(one, 0x9e37) ^ other) & 0xffff;
}

function reduced(secret: Uint8Array, by: Uint8Array): Buffer {
  return Buffer.from(secret.map((byte) => by[byte] as number).filter((byte) => byte !== 0));
}

/** A text as it is searched, and where each byte is in it. Reused: most texts are short. */
let bytes = Buffer.alloc(4096);
let places = new Int32Array(4096);

/** @returns how many bytes are left */
function reduce(text: TracedBytes, by: Uint8Array): number {
  if (text.length > bytes.length) {
    bytes = Buffer.alloc(2 * text.length);
    places = new Int32Array(2 * text.length);
  }
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = by[text.bytes[i] as number] as number;
    if (byte === 0) continue;
    bytes[length] = byte;
    places[length++] = i;
  }
  return length;
}
