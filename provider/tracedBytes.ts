/** Bytes that were decoded from a string, and the part of that string that each byte comes from. */

/** Stands for `…`, which replaces a secret: no UTF-8 text contains it, so nothing joins what is on both sides. */
const GAP = 0xff;
const ELLIPSIS = "\u2026";

/** A part of a string. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export class TracedBytes {
  private decoded: string | undefined;

  /** @param length - how many bytes of the arrays are used */
  constructor(
    readonly bytes: Uint8Array,
    /** The start and the end of each byte's part, in turn. */
    private readonly ranges: Int32Array,
    readonly length: number,
  ) {}

  /** UTF-8. Compatible forms of a letter (full width, with an accent) become the letter; invisible characters are left out. */
  static of(text: string): TracedBytes {
    const builder = new TracedBuilder(text.length);
    let at = 0;
    for (const character of text) {
      builder.addCharacter(character, at, at + character.length);
      at += character.length;
    }
    return builder.build();
  }

  /** One character per byte. */
  get chars(): string {
    return (this.decoded ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.length).toString("latin1"));
  }

  startOf(index: number): number {
    return this.ranges[2 * index] ?? 0;
  }

  endOf(index: number): number {
    return this.ranges[2 * index + 1] ?? 0;
  }
}

export class TracedBuilder {
  private bytes: Uint8Array;
  private ranges: Int32Array;
  private count = 0;

  /** @param capacity - how many bytes are expected */
  constructor(capacity: number) {
    const most = Math.max(capacity, 16);
    this.bytes = new Uint8Array(most);
    this.ranges = new Int32Array(2 * most);
  }

  get length(): number {
    return this.count;
  }

  add(byte: number, start: number, end: number): void {
    if (this.count === this.bytes.length) this.grow();
    this.bytes[this.count] = byte;
    this.ranges[2 * this.count] = start;
    this.ranges[2 * this.count + 1] = end;
    this.count += 1;
  }

  addCharacter(character: string, start: number, end: number): void {
    if (character <= "\u007f") this.add(character.charCodeAt(0), start, end);
    else if (character === ELLIPSIS) this.add(GAP, start, end);
    else for (const byte of Buffer.from(folded(character))) this.add(byte, start, end);
  }

  /** Keeps what comes before from being joined with what follows. */
  addGap(): void {
    if (this.count === 0) return;
    const at = this.ranges[2 * this.count - 1] as number;
    this.add(GAP, at, at);
  }

  truncate(length: number): void {
    this.count = length;
  }

  build(): TracedBytes {
    return new TracedBytes(this.bytes, this.ranges, this.count);
  }

  private grow(): void {
    const { bytes, ranges } = this;
    this.bytes = new Uint8Array(2 * bytes.length);
    this.ranges = new Int32Array(2 * ranges.length);
    this.bytes.set(bytes);
    this.ranges.set(ranges);
  }
}

/** Collects what is text among decoded bytes: printable ASCII, blanks, zeros (UTF-16) and UTF-8. */
export class TextBuilder {
  #builder: TracedBuilder | undefined;
  /** Where the current piece of text begins. */
  #from = 0;
  /** Its bytes but zeros. */
  #characters = 0;
  /** How many bytes of the current UTF-8 character are missing. */
  #missing = 0;

  /**
   * @param capacity - the most bytes that are expected
   * @param least - the length of the shortest piece of text: short ones are found in any bytes
   */
  constructor(
    private readonly capacity: number,
    private readonly least: number,
  ) {}

  add(byte: number, start: number, end: number): void {
    // A character of UTF-8 that is not complete is none.
    if (this.#missing > 0 && (byte < 0x80 || byte > 0xbf)) this.end();
    if (!this.#isText(byte)) {
      this.end();
      return;
    }
    (this.#builder ??= new TracedBuilder(this.capacity)).add(byte, start, end);
    if (byte !== 0) this.#characters += 1;
  }

  /** Ends a piece of text. A short one is left out. */
  end(): void {
    this.#missing = 0;
    const builder = this.#builder;
    if (builder === undefined || builder.length === this.#from) return;
    if (this.#characters < this.least) builder.truncate(this.#from);
    else builder.addGap();
    this.#from = builder.length;
    this.#characters = 0;
  }

  /** @returns `undefined` if there was no text */
  build(): TracedBytes | undefined {
    return this.#from === 0 ? undefined : this.#builder?.build();
  }

  #isText(byte: number): boolean {
    if (this.#missing > 0) {
      this.#missing -= 1;
      return true;
    }
    if (byte < 0x80) return byte >= 0x20 || byte === 0 || (byte >= 9 && byte <= 13);
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    return true;
  }
}

function folded(character: string): string {
  return character.normalize("NFKD").replaceAll(/[\p{M}\p{Cf}]+/gu, "");
}
