/**
 * A multiset of records, by the first eight bytes of their hashes, to tick off one by one.
 *
 * It is divided into buckets, each sorted at its first lookup: sorting millions of records at once would block the
 * event loop.
 */
export class Fingerprints {
  private readonly buckets = new Map<number, Bucket>();
  private left = 0;

  /** @param sha256 - one character a byte */
  add(sha256: string): void {
    const print = printOf(sha256);
    const number = bucketOf(print);
    const bucket = this.buckets.get(number) ?? new Bucket();
    this.buckets.set(number, bucket);
    bucket.add(print);
    this.left++;
  }

  /** Ticks off one record that is not ticked yet. @returns whether there was one */
  tick(sha256: string): boolean {
    const print = printOf(sha256);
    const isThere = this.buckets.get(bucketOf(print))?.tick(print) === true;
    if (isThere) this.left--;
    return isThere;
  }

  has(sha256: string): boolean {
    const print = printOf(sha256);
    return this.buckets.get(bucketOf(print))?.has(print) === true;
  }

  /** The number of records that are not ticked. */
  get unticked(): number {
    return this.left;
  }
}

class Bucket {
  private list = new BigUint64Array(8);
  private count = 0;
  /**
   * The number of ticked records, by the position of the first of several equal ones. It exists after the first lookup:
   * the list is sorted then, and nothing can be added.
   */
  private ticked: Uint32Array | undefined;

  add(print: bigint): void {
    if (this.count === this.list.length) {
      const larger = new BigUint64Array(this.count * 2);
      larger.set(this.list);
      this.list = larger;
    }
    this.list[this.count++] = print;
  }

  tick(print: bigint): boolean {
    const ticked = this.sorted();
    const first = this.find(print);
    const done = ticked[first] ?? 0;
    if (this.list[first + done] !== print) return false;
    ticked[first] = done + 1;
    return true;
  }

  has(print: bigint): boolean {
    this.sorted();
    return this.list[this.find(print)] === print;
  }

  private sorted(): Uint32Array {
    if (this.ticked === undefined) {
      this.list = this.list.subarray(0, this.count).sort();
      this.ticked = new Uint32Array(this.count);
    }
    return this.ticked;
  }

  /** @returns the position of the fingerprint, or where it would be */
  private find(print: bigint): number {
    let from = 0;
    let to = this.count;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.list[middle] as bigint) < print) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function printOf(sha256: string): bigint {
  return Buffer.from(sha256.slice(0, 8), "latin1").readBigUInt64BE();
}

/** There are a few thousand buckets. */
function bucketOf(print: bigint): number {
  return Number(print >> 52n);
}
