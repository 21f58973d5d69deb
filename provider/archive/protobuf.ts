/** One form for protobuf messages that differ only in the order of their fields, entries of maps among them. */

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/**
 * Sorts the fields of a message, and leaves what is within them. Entries of a map are fields of one number, and Go
 * writes them in an order that changes.
 *
 * @param message - as it is where it is no message
 */
export function canonicalMessage(message: Buffer): Buffer {
  const fields: Buffer[] = [];
  for (let at = 0; at < message.length; ) {
    const end = endOfField(message, at);
    if (end < 0 || end > message.length) return message;
    fields.push(message.subarray(at, end));
    at = end;
  }
  return Buffer.concat(fields.sort((one, other) => Buffer.compare(one, other)));
}

/** @returns -1 where there is no field */
function endOfField(message: Buffer, at: number): number {
  const tag = varint(message, at);
  if (tag === undefined) return -1;
  switch (tag.value % 8) {
    case VARINT:
      return varint(message, tag.end)?.end ?? -1;
    case FIXED_64:
      return tag.end + 8;
    case BYTES: {
      const length = varint(message, tag.end);
      return length === undefined ? -1 : length.end + length.value;
    }
    case FIXED_32:
      return tag.end + 4;
    default:
      return -1;
  }
}

function varint(message: Buffer, from: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = from; at < from + 10; at++) {
    const byte = message[at];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}
