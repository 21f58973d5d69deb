/** Counts the keys of a KV store, and the size of their records, by the first segments of each key. */

export interface KvOptions {
  /** How many segments, separated by `/`, make a prefix. Default 2. */
  readonly depth?: number;
  /** Count only keys that begin with this. Default: all. */
  readonly filter?: string;
  /** Maximum number of prefixes that are counted separately; keys with other prefixes are summed in `rest`. Default 10,000. */
  readonly maxPrefixes?: number;
}

export interface PrefixCount {
  readonly prefix: string;
  /** The raw bytes of the prefix: keys need not be UTF-8. */
  readonly bytes: Buffer;
  readonly count: number;
  /** Size of their records, in bytes. */
  readonly size: number;
}

export interface KvReport {
  /** The largest first; those of equal size by name. */
  readonly prefixes: readonly PrefixCount[];
  /** The sum of all prefixes beyond the maximum. */
  readonly rest: { readonly count: number; readonly size: number };
}

const SLASH = 0x2f;
/** Maximum total length of the prefixes in bytes: hostile keys may be long. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Size of the cache of short prefixes that are found by their bytes, without creating strings. */
const RECENT = 4096;
const MAX_RECENT_LENGTH = 256;

interface Count {
  count: number;
  size: number;
}

export class Prefixes {
  private readonly depth: number;
  private readonly filter: Buffer;
  private readonly maxPrefixes: number;
  /** By prefix, one character per byte: keys need not be UTF-8. */
  private readonly counts = new Map<string, Count>();
  private readonly rest = { count: 0, size: 0 };
  private bytes = 0;
  /** By a hash of the prefix; of prefixes that share a hash, one is stored. */
  private readonly recent: ({ readonly bytes: Buffer; readonly count: Count } | undefined)[] = Array.from({
    length: RECENT,
  });
  /** The hash of the last prefix that was looked up. */
  private hash = 0;

  constructor(options: KvOptions) {
    this.depth = options.depth ?? 2;
    this.filter = Buffer.from(options.filter ?? "");
    this.maxPrefixes = options.maxPrefixes ?? 10_000;
  }

  /** @param size - size of the record, in bytes; its key is at `from` to `to` */
  add(buffer: Buffer, from: number, to: number, size: number): void {
    if (this.filter.length > 0 && !beginsWith(buffer, from, to, this.filter)) return;
    const end = this.endOfPrefix(buffer, from, to);
    const count = this.find(buffer, from, end);
    count.count += 1;
    count.size += size;
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

  private find(buffer: Buffer, from: number, to: number): Count {
    const slot = this.hash & (RECENT - 1);
    const recent = this.recent[slot];
    if (recent?.bytes.length === to - from && beginsWith(buffer, from, to, recent.bytes)) return recent.count;
    const count = this.countOf(buffer.toString("latin1", from, to));
    if (to - from <= MAX_RECENT_LENGTH) this.recent[slot] = { bytes: Buffer.from(buffer.subarray(from, to)), count };
    return count;
  }

  private countOf(prefix: string): Count {
    const known = this.counts.get(prefix);
    if (known !== undefined) return known;
    if (this.counts.size >= this.maxPrefixes || this.bytes + prefix.length > MAX_BYTES) return this.rest;
    this.bytes += prefix.length;
    const fresh = { count: 0, size: 0 };
    this.counts.set(prefix, fresh);
    return fresh;
  }

  private endOfPrefix(buffer: Buffer, from: number, to: number): number {
    let segments = 0;
    let hash = 0;
    let at = this.depth === 0 ? to : from;
    for (; at < to; at++) {
      const byte = buffer[at] as number;
      if (byte === SLASH && ++segments === this.depth) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.hash = hash;
    return this.depth === 0 ? from : at;
  }
}

function beginsWith(buffer: Buffer, from: number, to: number, start: Buffer): boolean {
  if (to - from < start.length) return false;
  for (let i = 0; i < start.length; i++) if (buffer[from + i] !== start[i]) return false;
  return true;
}
