/**
 * Whether Go's package `regexp` certainly compiles an expression, in every version that Consul 1.8 to 1.16 was built with.
 * Rare syntax that older versions may refuse (`(?<name>`, names of scripts, octal digits) is refused here.
 */

/** Longer than any real expression; Go also limits the size of the compiled program. */
const MAX_LENGTH = 4096;
/** Go's own limit is 1,000 levels of the whole tree. */
const MAX_GROUPS = 200;
/** `regexp/syntax`: the limit of a repeat count, and of the product of nested ones. */
const MAX_COUNT = 1000;
/** `regexp/syntax`: the limit of instructions (maxSize of Go 1.26); a character becomes fewer than two of them. */
const MAX_SIZE = 3_355_443;

const CATEGORIES =
  /^\^?(C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?|Any|Arabic|Armenian|Cyrillic|Devanagari|Greek|Han|Hangul|Hebrew|Hiragana|Katakana|Latin|Thai)$/;
const POSIX = /^\[:\^?(alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;

class Refused extends Error {}

/** @param text - UTF-8, one character per byte */
export function isGoRegexp(text: string): boolean {
  const bytes = Buffer.from(text, "latin1");
  const decoded = bytes.toString("utf8");
  if (text.length > MAX_LENGTH || !Buffer.from(decoded).equals(bytes)) return false;
  try {
    new Expression(decoded).check();
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** A group, or the whole expression, and how often its most repeated part is repeated. */
interface Group {
  most: number;
}

class Expression {
  private at = 0;
  private readonly names = new Set<string>();
  private readonly groups: Group[] = [];
  private group: Group = { most: 1 };
  /** Where the last name of a class such as `[:alpha:]` could end; -1 if there is none. */
  private readonly lastName: number;
  /** The highest repeat count in the previous part; `undefined` if there is no part that can be repeated. */
  private atom: number | undefined;

  constructor(private readonly text: string) {
    this.lastName = text.lastIndexOf(":]");
  }

  check(): void {
    while (this.at < this.text.length) this.next();
    if (this.groups.length > 0) throw new Refused();
  }

  private next(): void {
    const character = this.text[this.at] ?? "";
    const count = /^\{(0|[1-9]\d{0,8})(?:(,)(0|[1-9]\d{0,8})?)?\}/.exec(this.rest(24));
    if (character === "(") this.open();
    else if (character === ")") this.close();
    else if (character === "|") this.step(1, undefined);
    else if (character === "[") this.class();
    else if (character === "\\") this.escape();
    else if (character === "*" || character === "+" || character === "?") this.repeat(1, 1);
    else if (count !== null) {
      const [all, least = "", comma, most] = count;
      const highest = Number(most ?? least);
      if (highest > MAX_COUNT || Number(least) > highest) throw new Refused();
      this.repeat(all.length, Math.max(highest, 1, comma !== undefined && most === undefined ? Number(least) : 1));
    } else if (/^\{[\d,]+\}/.test(this.rest(24))) throw new Refused();
    else this.step(1, 1);
  }

  private rest(length: number): string {
    return this.text.slice(this.at, this.at + length);
  }

  private step(length: number, atom: number | undefined): void {
    this.at += length;
    this.atom = atom;
  }

  private repeat(length: number, times: number): void {
    if (this.atom === undefined) throw new Refused();
    const product = this.atom * times;
    if (product > MAX_COUNT || 2 * product * this.text.length > MAX_SIZE) throw new Refused();
    this.group.most = Math.max(this.group.most, product);
    this.step(length, undefined);
    // A `?` after a repetition: it prefers the shortest match.
    if (this.text[this.at] === "?") this.at += 1;
  }

  private open(): void {
    const [all, name] = /^\((?:\?(?:P<(\w{1,64})>|(?:[imsU]{0,8}|[imsU]{0,8}-[imsU]{1,8})[:)]))?/.exec(
      this.rest(90),
    ) ?? [""];
    if (this.text[this.at + 1] === "?" && all.length === 1) throw new Refused();
    if (name !== undefined && this.names.has(name)) throw new Refused();
    if (name !== undefined) this.names.add(name);
    this.step(all.length, undefined);
    // Flags for the rest of the expression are not a group.
    if (all.endsWith(")")) return;
    if (this.groups.length === MAX_GROUPS) throw new Refused();
    this.groups.push(this.group);
    this.group = { most: 1 };
  }

  private close(): void {
    const outer = this.groups.pop();
    if (outer === undefined) throw new Refused();
    const { most } = this.group;
    outer.most = Math.max(outer.most, most);
    this.group = outer;
    this.step(1, most);
  }

  private escape(): void {
    const next = this.text[this.at + 1] ?? "";
    if (next === "Q") {
      const end = this.text.indexOf("\\E", this.at + 2);
      const length = (end === -1 ? this.text.length : end) - this.at - 2;
      // Go ignores an empty quotation, so a repetition after it would apply to the part before it.
      if (length <= 0) throw new Refused();
      this.step(length + (end === -1 ? 2 : 4), 1);
    } else if (/[dswDSWAbBz]/.test(next)) this.step(2, 1);
    else {
      this.step(this.escapedLength() ?? this.propertyLength(), 1);
    }
  }

  /** The length of an escape sequence for one character; `undefined` if this is not one. */
  private escapedLength(): number | undefined {
    const [all] =
      /^\\(?:[aftnrv]|x[0-9A-Fa-f]{2}|x\{(?:10|0?[0-9A-Fa-f])?[0-9A-Fa-f]{1,4}\}|[\0-/:-@[-`{-\x7f])/.exec(
        this.rest(12),
      ) ?? [];
    return all?.length;
  }

  private propertyLength(): number {
    const [all, letter, name] = /^\\[pP](?:([A-Z])|\{([^}]{1,20})\})/.exec(this.rest(26)) ?? [];
    if (all === undefined || !CATEGORIES.test(letter ?? name ?? "")) throw new Refused();
    return all.length;
  }

  private class(): void {
    this.at += this.text[this.at + 1] === "^" ? 2 : 1;
    for (let first = true; first || this.text[this.at] !== "]"; first = false) this.member();
    this.step(1, 1);
  }

  private member(): void {
    if (this.at >= this.text.length) throw new Refused();
    if (this.rest(2) === "[:" && this.lastName >= this.at + 2) {
      const [all] = POSIX.exec(this.rest(16)) ?? [];
      if (all === undefined) throw new Refused();
      this.at += all.length;
      return;
    }
    if (/^\\[dswDSW]/.test(this.rest(2))) this.at += 2;
    else if (/^\\[pP]/.test(this.rest(2))) this.at += this.propertyLength();
    else {
      const from = this.character();
      if (!/^-[^\]]/su.test(this.rest(3))) return;
      this.at += 1;
      if (this.character() < from) throw new Refused();
    }
  }

  /** The code of one character of a class. */
  private character(): number {
    const length = this.text[this.at] === "\\" ? this.escapedLength() : undefined;
    if (this.text[this.at] === "\\" && length === undefined) throw new Refused();
    const written =
      length === undefined ? String.fromCodePoint(this.text.codePointAt(this.at) ?? 0) : this.rest(length);
    if (this.at >= this.text.length) throw new Refused();
    this.at += written.length;
    if (length === undefined) return written.codePointAt(0) ?? 0;
    const digits = /[0-9A-Fa-f]+/.exec(written.slice(2))?.[0];
    const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
    const name = written[1] ?? "";
    if (name === "x" && digits !== undefined) return Number.parseInt(digits, 16);
    return Object.hasOwn(controls, name) ? (controls[name] ?? 0) : name.charCodeAt(0);
  }
}
