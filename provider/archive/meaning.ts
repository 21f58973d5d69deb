/**
 * What a record says, apart from how it is written: fields that are empty are left out, map entries come in order, and
 * a number is the same in any width. So a record that one version of Consul wrote equals the same one written by another,
 * which knows more fields.
 */

import { bigEndian, FIXED_BYTES, isMap, isRaw, keyLength, keyLengthBytes, LENGTH_BYTES } from "./msgpack";
import { CONFIG_ENTRY } from "./recordTypes";

type Meaning = null | boolean | string | readonly Meaning[] | { readonly [key: string]: Meaning };

/**
 * Text that is the same for records that say the same.
 *
 * @param value - of a record that the walker has decoded
 */
export function meaningOf(type: number, value: Buffer): string {
  const reader = new MeaningReader(value);
  const meaning = type === CONFIG_ENTRY ? reader.sequenceWithin() : reader.next();
  return JSON.stringify(meaning);
}

class MeaningReader {
  private at = 0;

  constructor(
    private readonly buffer: Buffer,
    /** Whether bytes that are a map, to their end, are read as one: so are configuration entries nested. */
    private readonly nested = false,
  ) {}

  next(): Meaning {
    const { buffer } = this;
    const descriptor = this.take(1)[0] as number;
    if (descriptor < 0x80) return `+${descriptor}`;
    if (descriptor >= 0xe0) return `${descriptor - 256}`;
    if (descriptor < 0x90) return this.map(descriptor & 0x0f);
    if (descriptor < 0xa0) return this.list(descriptor & 0x0f);
    if (descriptor < 0xc0) return this.raw(descriptor & 0x1f);
    if (descriptor === 0xc0) return null;
    if (descriptor === 0xc2 || descriptor === 0xc3) return descriptor === 0xc3;
    const lengthBytes = LENGTH_BYTES[descriptor - 0xc0] as number;
    const fixed = FIXED_BYTES[descriptor - 0xc0] as number;
    if (lengthBytes <= 0) return this.number(descriptor, this.take(fixed));
    const length = bigEndian(buffer, this.at, lengthBytes);
    this.at += lengthBytes;
    if (descriptor >= 0xde) return this.map(length);
    if (descriptor >= 0xdc) return this.list(length);
    return this.raw(length + fixed);
  }

  /** Bytes that hold values, one behind the other. */
  sequenceWithin(): Meaning {
    if (!isRaw(this.buffer[0] as number)) return this.next();
    const content = this.rawBytes();
    const inner = new MeaningReader(content, true);
    const values: Meaning[] = [];
    while (inner.at < content.length) values.push(inner.next());
    return values;
  }

  private rawBytes(): Buffer {
    const descriptor = this.take(1)[0] as number;
    if (descriptor < 0xc0) return this.take(descriptor & 0x1f);
    const lengthBytes = LENGTH_BYTES[descriptor - 0xc0] as number;
    if (lengthBytes === 0) return Buffer.alloc(0);
    const length = bigEndian(this.buffer, this.at, lengthBytes);
    this.at += lengthBytes;
    return this.take(length);
  }

  private map(entries: number): Meaning {
    const found: [string, Meaning][] = [];
    for (let entry = 0; entry < entries; entry++) {
      const from = this.at + 1 + keyLengthBytes(this.buffer[this.at] as number);
      const to = from + keyLength(this.buffer, this.at);
      const key = this.buffer.toString("latin1", from, to);
      this.at = to;
      const value = this.next();
      if (!isEmpty(value)) found.push([key, value]);
    }
    return Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  private list(items: number): Meaning {
    return Array.from({ length: items }, () => this.next());
  }

  private raw(length: number): Meaning {
    const bytes = this.take(length);
    if (this.nested && bytes.length > 0 && isMap(bytes[0] as number)) {
      const inner = new MeaningReader(bytes, true);
      try {
        const meaning = inner.next();
        if (inner.at === bytes.length) return meaning;
      } catch {
        // Then it is text or bytes, whatever it begins with.
      }
    }
    return `"${bytes.toString("latin1")}`;
  }

  /** Whole numbers by their value, fractions by their bits. */
  private number(descriptor: number, bytes: Buffer): Meaning {
    if (descriptor >= 0xcc && descriptor <= 0xcf) return `+${BigInt(`0x${bytes.toString("hex")}`)}`;
    if (descriptor < 0xd0 || descriptor > 0xd3) return `${descriptor}:${bytes.toString("latin1")}`;
    const value = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
    return value >= 0n ? `+${value}` : `${value}`;
  }

  private take(bytes: number): Buffer {
    const from = this.at;
    this.at += bytes;
    if (this.at > this.buffer.length) throw new RangeError("it is cut off");
    return this.buffer.subarray(from, this.at);
  }
}

/** What Go leaves in a field that nobody has set. */
function isEmpty(value: Meaning): boolean {
  if (value === null || value === false || value === "+0" || value === '"') return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
