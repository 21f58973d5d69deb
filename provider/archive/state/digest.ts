/**
 * A digest of a set of records that does not depend on their order: the sum of their SHA-256 digests, modulo 2^256.
 *
 * Equal digests mean equal records, unless someone forged them: a digest proves a restore, but it is not a signature.
 */

const WORDS = 8;
/** After this many additions, a double still represents each word exactly. */
const CARRY_AFTER = 2 ** 20;

export class SetDigest {
  private readonly words = new Float64Array(WORDS);
  private sums = 0;

  /** @param sha256 - the digest of one record, one character per byte */
  add(sha256: string): void {
    const { words } = this;
    for (let word = 0, at = 0; word < WORDS; word++, at += 4) {
      words[word] =
        (words[word] as number) +
        sha256.charCodeAt(at) * 0x1000000 +
        ((sha256.charCodeAt(at + 1) << 16) | (sha256.charCodeAt(at + 2) << 8) | sha256.charCodeAt(at + 3));
    }
    if (++this.sums === CARRY_AFTER) this.carry();
  }

  /** 64 hex digits. */
  toString(): string {
    this.carry();
    return Array.from(this.words, (word) => word.toString(16).padStart(8, "0")).join("");
  }

  private carry(): void {
    let over = 0;
    for (let word = WORDS - 1; word >= 0; word--) {
      const sum = (this.words[word] as number) + over;
      over = Math.floor(sum / 2 ** 32);
      this.words[word] = sum % 2 ** 32;
    }
    this.sums = 0;
  }
}
