/**
 * A value too large to be held: walked and hashed piece by piece, whatever lies in it.
 *
 * Of its maps only the framing is checked, and its digest is of the bytes as they lie. Values of this size are structs
 * around one large field, whose keys are sorted already.
 */

import { createHash } from "node:crypto";
import {
  FIXED_BYTES,
  isUnsigned,
  keyLength,
  keyLengthBytes,
  LENGTH_BYTES,
  Undecodable,
  unsignedBytes,
} from "./msgpack";

const MAX_DEPTH = 1000;
/** The longest head of a value or key: a descriptor and a length of 32 bits. */
const HEAD_BYTES = 5;

export class LargeRecord {
  bytes = 0;
  private readonly hash = createHash("sha256");
  /** What is still to come: items of arrays, and of maps keys and values. */
  private readonly levels: { left: number; isMap: boolean }[] = [{ left: 1, isMap: false }];
  /** Bytes of the present value that are passed over. */
  private skip = 0;
  private readonly head = Buffer.alloc(HEAD_BYTES);
  private headBytes = 0;

  /** @param integerKeys - whether keys may be numbers as well as strings */
  constructor(private readonly integerKeys: boolean) {}

  /**
   * @returns where the value ends in the piece; -1 if it goes on behind it
   * @throws Undecodable
   */
  push(piece: Buffer, from: number): number {
    let at = from;
    while (at < piece.length) {
      if (this.skip > 0) {
        const skipped = Math.min(this.skip, piece.length - at);
        this.skip -= skipped;
        at += skipped;
      } else {
        this.head[this.headBytes++] = piece[at++] as number;
        this.readHead();
      }
      if (this.skip === 0 && this.headBytes === 0 && this.isWhole()) {
        this.take(piece, from, at);
        return at;
      }
    }
    this.take(piece, from, at);
    return -1;
  }

  /** SHA-256 of the value, one character a byte. */
  digest(): string {
    return this.hash.digest("binary");
  }

  private take(piece: Buffer, from: number, to: number): void {
    this.hash.update(piece.subarray(from, to));
    this.bytes += to - from;
  }

  /** Leaves the levels that are done. */
  private isWhole(): boolean {
    while (this.levels.at(-1)?.left === 0) this.levels.pop();
    return this.levels.length === 0;
  }

  private readHead(): void {
    const level = this.levels.at(-1);
    if (level === undefined) return;
    const descriptor = this.head[0] as number;
    const isKey = level.isMap && level.left % 2 === 0;
    const isNumber = isKey && this.integerKeys && isUnsigned(descriptor);
    const lengthBytes = isNumber ? 0 : isKey ? keyLengthBytes(descriptor) : lengthBytesOf(descriptor);
    if (this.headBytes <= lengthBytes) return;
    this.headBytes = 0;
    level.left -= 1;
    const length = lengthBytes === 0 ? 0 : this.head.readUIntBE(1, lengthBytes);
    if (isNumber) this.skip = unsignedBytes(descriptor);
    else if (isKey) this.skip = keyLength(this.head, 0);
    else if (descriptor >= 0x80 && descriptor < 0xa0) this.enter(descriptor & 0x0f, descriptor < 0x90);
    else if (descriptor >= 0xdc && descriptor < 0xe0) this.enter(length, descriptor >= 0xde);
    else if (descriptor >= 0xa0 && descriptor < 0xc0) this.skip = descriptor & 0x1f;
    else if (descriptor >= 0xc0 && descriptor < 0xe0) this.skip = length + (FIXED_BYTES[descriptor - 0xc0] as number);
  }

  private enter(count: number, isMap: boolean): void {
    if (this.levels.length > MAX_DEPTH) throw new Undecodable(`it is nested more than ${MAX_DEPTH} levels deep`);
    this.levels.push({ left: isMap ? count * 2 : count, isMap });
  }
}

function lengthBytesOf(descriptor: number): number {
  if (descriptor < 0xc0 || descriptor >= 0xe0) return 0;
  const bytes = LENGTH_BYTES[descriptor - 0xc0] as number;
  if (bytes < 0) throw new Undecodable(`no value begins with ${descriptor}`);
  return bytes;
}
