/** The head of `state.bin`: the index of the last change in it. */

import { Head, integerOf, isStruct, Undecodable } from "./head";
import type { ValueDecoder } from "./valueDecoder";

export interface StateHeader {
  readonly lastIndex: number;
  /** Where the records begin. */
  readonly end: number;
}

/**
 * Reads the header as Go decodes a struct: from a map, from a list in the order of the fields, or from nil.
 *
 * @returns the header; if the buffer ends before it does, the minimum number of bytes that the buffer must have
 * @throws Undecodable
 */
export function readHeader(buffer: Buffer, decoder: ValueDecoder): StateHeader | number {
  const head = new Head();
  if (!head.tryRead(buffer, 0)) return head.wanted;
  if (!isStruct(head.descriptor)) throw new Undecodable("it does not begin with a header");
  const { kind, length } = head;
  let lastIndex = 0;
  let at = head.content;
  for (let entry = 0; entry < length; entry++) {
    let isLastIndex = entry === 0;
    if (kind === "map") {
      if (!head.tryReadKey(buffer, at, false)) return head.wanted;
      at = head.end;
      if (at > buffer.length) return at;
      isLastIndex = buffer.toString("latin1", head.content, at) === "LastIndex";
    }
    const end = decoder.decode(buffer, at);
    if (end < 0) return decoder.wanted;
    if (isLastIndex) lastIndex = indexOf(head.read(buffer, at), buffer);
    at = end;
  }
  return { lastIndex, end: at };
}

function indexOf(head: Head, buffer: Buffer): number {
  if (head.kind === "nil") return 0;
  const index = head.kind === "unsigned" || head.kind === "signed" ? integerOf(head, buffer) : -1n;
  if (index < 0n) throw new Undecodable("its header has no index");
  return Number(index);
}
