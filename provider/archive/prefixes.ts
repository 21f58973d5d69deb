/** Where the keys of a KV store take their room: counted by the first segments of each key. */

export interface KvOptions {
  /** How many segments, parted by `/`, make a prefix. Default 2. */
  readonly depth?: number;
  /** Count only keys that begin with this. Default: all. */
  readonly filter?: string;
  /** How many prefixes are told apart; keys of any more are summed in `rest`. Default 10,000. */
  readonly maxPrefixes?: number;
}

export interface PrefixCount {
  readonly prefix: string;
  /** The prefix as it is: keys need not be UTF-8. */
  readonly bytes: Buffer;
  readonly count: number;
  /** Bytes of their records. */
  readonly size: number;
}

export interface KvReport {
  /** The largest first, those of one size by name. */
  readonly prefixes: readonly PrefixCount[];
  /** What had no place any more. */
  readonly rest: { readonly count: number; readonly size: number };
}

const SLASH = 0x2f;

export class Prefixes {
  private readonly depth: number;
  private readonly filter: Buffer;
  private readonly maxPrefixes: number;
  /** By prefix, one character a byte: keys need not be UTF-8. */
  private readonly counts = new Map<string, { count: number; size: number }>();
  private readonly rest = { count: 0, size: 0 };
  /** The prefix of the key before: keys come sorted, so it is mostly that of the next one too. */
  private last = Buffer.alloc(0);
  private lastCount = this.rest;

  constructor(options: KvOptions) {
    this.depth = options.depth ?? 2;
    this.filter = Buffer.from(options.filter ?? "");
    this.maxPrefixes = options.maxPrefixes ?? 10_000;
  }

  /** @param size - of the record of the key at `from` to `to` */
  add(buffer: Buffer, from: number, to: number, size: number): void {
    if (this.filter.length > 0 && !beginsWith(buffer, from, to, this.filter)) return;
    const end = this.endOfPrefix(buffer, from, to);
    const { last } = this;
    if (this.lastCount === this.rest || last.length !== end - from || !beginsWith(buffer, from, end, last)) {
      this.lastCount = this.countOf(buffer.toString("latin1", from, end));
      this.last = Buffer.from(buffer.subarray(from, end));
    }
    this.lastCount.count += 1;
    this.lastCount.size += size;
  }

  report(): KvReport {
    const prefixes = Array.from(this.counts, ([bytes, { count, size }]) => ({ bytes, count, size }))
      .sort((one, other) => other.size - one.size || (one.bytes < other.bytes ? -1 : 1))
      .map(({ bytes: latin1, count, size }) => {
        const bytes = Buffer.from(latin1, "latin1");
        return { prefix: bytes.toString("utf8"), bytes, count, size };
      });
    return { prefixes, rest: { ...this.rest } };
  }

  private countOf(prefix: string): { count: number; size: number } {
    const known = this.counts.get(prefix);
    if (known !== undefined) return known;
    if (this.counts.size >= this.maxPrefixes) return this.rest;
    const fresh = { count: 0, size: 0 };
    this.counts.set(prefix, fresh);
    return fresh;
  }

  private endOfPrefix(buffer: Buffer, from: number, to: number): number {
    let segments = 0;
    for (let at = from; at < to; at++) {
      if (buffer[at] === SLASH && ++segments === this.depth) return at;
    }
    return this.depth === 0 ? from : to;
  }
}

function beginsWith(buffer: Buffer, from: number, to: number, start: Buffer): boolean {
  if (to - from < start.length) return false;
  for (let i = 0; i < start.length; i++) if (buffer[from + i] !== start[i]) return false;
  return true;
}
