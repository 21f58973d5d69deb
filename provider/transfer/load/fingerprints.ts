/** A set of records by the first eight bytes of each one's hash, to be ticked off one by one. */
export class Fingerprints {
  private list = new BigUint64Array(64);
  private count = 0;
  /** Once something is looked for, the list is sorted, and nothing more is added. */
  private ticked: Uint8Array | undefined;
  private left = 0;

  /** @param sha256 - one character a byte */
  add(sha256: string): void {
    if (this.count === this.list.length) {
      const larger = new BigUint64Array(this.count * 2);
      larger.set(this.list);
      this.list = larger;
    }
    this.list[this.count++] = printOf(sha256);
    this.left++;
  }

  /** Ticks one off that was not before. @returns whether there was one */
  tick(sha256: string): boolean {
    const print = printOf(sha256);
    const ticked = this.sorted();
    for (let at = this.find(print); at < this.count && this.list[at] === print; at++) {
      if (ticked[at] === 1) continue;
      ticked[at] = 1;
      this.left--;
      return true;
    }
    return false;
  }

  has(sha256: string): boolean {
    const print = printOf(sha256);
    this.sorted();
    return this.list[this.find(print)] === print;
  }

  /** How many are left. */
  get unticked(): number {
    return this.left;
  }

  private sorted(): Uint8Array {
    if (this.ticked === undefined) {
      this.list = this.list.subarray(0, this.count).sort();
      this.ticked = new Uint8Array(this.count);
    }
    return this.ticked;
  }

  /** @returns where it is, or would be */
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
