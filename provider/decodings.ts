/** A string as it is, and each result of decoding it from URL, JSON and HTML encodings, as often as it was encoded. */

/** Maximum number of decoding steps; no text is encoded more often on its way. */
const MOST = 4;

/** A run of backslashes is matched only from its beginning: from every one of them, a long run would take quadratic time. */
const ENCODED =
  /%([0-9a-f]{2})|(?<!\\)\\+u([0-9a-f]{4})|(?<!\\)\\+x([0-9a-f]{2})|&#x0{0,4}([0-9a-f]{1,5});|&#0{0,4}([0-9]{1,6});|&(amp|lt|gt|quot|apos);|(?<!\\)\\+([nrt])/gi;
/** A line break or a tab, as JSON and most languages write it: the search ignores blanks. */
const BLANK = " ";
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** UTF-8 text with one character per byte, and the position in the original text that each byte comes from. */
export class DecodedText {
  constructor(
    readonly chars: string,
    private readonly starts: readonly number[],
    private readonly ends: readonly number[],
  ) {}

  static of(text: string): DecodedText {
    const builder = new Builder();
    let at = 0;
    for (const character of text) {
      builder.add(character, at, at + character.length);
      at += character.length;
    }
    return builder.build();
  }

  startOf(index: number): number {
    return this.starts[index] ?? 0;
  }

  endOf(index: number): number {
    return this.ends[index] ?? 0;
  }

  lowerCase(): DecodedText {
    const chars = this.chars.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
    return new DecodedText(chars, this.starts, this.ends);
  }

  /** @param unwanted - matches one character */
  without(unwanted: RegExp): DecodedText {
    if (!unwanted.test(this.chars)) return this;
    const kept = Array.from(this.chars).flatMap((character, i) => (unwanted.test(character) ? [] : [i]));
    return new DecodedText(
      kept.map((i) => this.chars[i]).join(""),
      kept.map((i) => this.startOf(i)),
      kept.map((i) => this.endOf(i)),
    );
  }

  /** The text decoded one step further; `undefined` if it contains nothing encoded. */
  decoded(): DecodedText | undefined {
    const builder = new Builder();
    let from = 0;
    for (const match of this.chars.matchAll(ENCODED)) {
      const [all, percent, unicode, byte, hexadecimal, decimal, name, blank] = match;
      for (; from < match.index; from++) builder.addByte(this.chars[from] ?? "", this.startOf(from), this.endOf(from));
      const [start, end] = [this.startOf(from), this.endOf(from + all.length - 1)];
      const single = percent ?? byte;
      if (single !== undefined) builder.addByte(String.fromCharCode(Number.parseInt(single, 16)), start, end);
      else if (blank !== undefined) builder.addByte(BLANK, start, end);
      else if (name !== undefined) builder.add(NAMED[name.toLowerCase()] ?? "", start, end);
      else {
        const code = decimal === undefined ? Number.parseInt(unicode ?? hexadecimal ?? "", 16) : Number(decimal);
        builder.add(String.fromCodePoint(code), start, end);
      }
      from += all.length;
    }
    if (from === 0) return undefined;
    for (; from < this.chars.length; from++) {
      builder.addByte(this.chars[from] ?? "", this.startOf(from), this.endOf(from));
    }
    return builder.build();
  }
}

class Builder {
  readonly #chars: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  add(character: string, start: number, end: number): void {
    if (character <= "\u007f") this.addByte(character, start, end);
    else for (const byte of Buffer.from(character).toString("latin1")) this.addByte(byte, start, end);
  }

  addByte(byte: string, start: number, end: number): void {
    this.#chars.push(byte);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  build(): DecodedText {
    return new DecodedText(this.#chars.join(""), this.#starts, this.#ends);
  }
}

export function decodings(text: string): DecodedText[] {
  const all: DecodedText[] = [];
  for (let next: DecodedText | undefined = DecodedText.of(text); next !== undefined && all.length < MOST; ) {
    all.push(next);
    next = next.decoded();
  }
  return all;
}
