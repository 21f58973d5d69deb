/** The head of `state.bin`: the index of the last change in it. */

import { bigEndian, isStruct, keyLength, keyLengthBytes, NIL, type Scanner, Undecodable } from "./msgpack";

export interface StateHeader {
  readonly lastIndex: number;
  /** Where the records begin. */
  readonly end: number;
}

/**
 * Reads it as Go reads it into a struct: a map, or a list in the order of the fields, or nothing at all.
 *
 * @returns nothing if the buffer ends before it does; then `scanner.wanted` says how much it must have
 * @throws Undecodable
 */
export function readHeader(buffer: Buffer, scanner: Scanner): StateHeader | undefined {
  const end = scanner.scan(buffer, 0);
  if (end < 0) return undefined;
  const descriptor = buffer[0] as number;
  if (!isStruct(descriptor)) throw new Undecodable("it does not begin with a header");
  if (descriptor === NIL) return { lastIndex: 0, end };
  const isWide = descriptor >= 0xdc;
  const lengthBytes = isWide ? ((descriptor & 1) === 0 ? 2 : 4) : 0;
  const entries = isWide ? bigEndian(buffer, 1, lengthBytes) : descriptor & 0x0f;
  const isMap = isWide ? descriptor >= 0xde : descriptor < 0x90;
  let lastIndex = 0;
  let at = 1 + lengthBytes;
  for (let entry = 0; entry < entries; entry++) {
    let isLastIndex = entry === 0;
    if (isMap) {
      const keyFrom = at + 1 + keyLengthBytes(buffer[at] as number);
      const keyTo = keyFrom + keyLength(buffer, at);
      isLastIndex = buffer.toString("latin1", keyFrom, keyTo) === "LastIndex";
      at = keyTo;
    }
    if (isLastIndex) lastIndex = unsigned(buffer, at);
    at = scanner.scan(buffer, at);
  }
  return { lastIndex, end };
}

function unsigned(buffer: Buffer, at: number): number {
  const descriptor = buffer[at] as number;
  if (descriptor < 0x80) return descriptor;
  if (descriptor === NIL) return 0;
  const bytes = 1 << (descriptor & 3);
  if (descriptor >= 0xcc && descriptor <= 0xcf) {
    return bytes === 8 ? Number(buffer.readBigUInt64BE(at + 1)) : bigEndian(buffer, at + 1, bytes);
  }
  const isSigned = descriptor >= 0xd0 && descriptor <= 0xd3;
  if (!isSigned || (buffer[at + 1] as number) >= 0x80) throw new Undecodable("its header has no index");
  return bytes === 8 ? Number(buffer.readBigInt64BE(at + 1)) : bigEndian(buffer, at + 1, bytes);
}
