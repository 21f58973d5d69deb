/** CRC-64 with the polynomial of ECMA-182 (Go's `crc64.ECMA`), as Raft stores it in the meta.json of a snapshot. */

const HIGH = 0xc96c5795;
const LOW = 0xd7870f42;

/** The lookup table, by the lowest byte: its upper and lower 32 bits. */
const highs = new Int32Array(256);
const lows = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = (low & 1) === 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) [high, low] = [high ^ HIGH, low ^ LOW];
  }
  highs[byte] = high;
  lows[byte] = low;
}

export class Crc64 {
  #high = -1;
  #low = -1;

  update(bytes: Uint8Array): void {
    let high = this.#high;
    let low = this.#low;
    for (const byte of bytes) {
      const at = (low ^ byte) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (lows[at] as number);
      high = (high >>> 8) ^ (highs[at] as number);
    }
    this.#high = high;
    this.#low = low;
  }

  /** Eight bytes, big-endian. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(~this.#high, 0);
    bytes.writeInt32BE(~this.#low, 4);
    return bytes;
  }
}
