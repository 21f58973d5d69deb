/**
 * KVS records exactly as Consul writes them: most records of most archives. One pass over such a record finds its key and
 * shows that Consul's decoder accepts it. The general scanner reads every other record, and each field is checked.
 */

/** Values that the scanner and the check of fields count for a record of this form. */
export const PLAIN_KV_VALUES = 16;

/** `DirEntry` (agent/structs/structs.go) as Consul 1.8 to 1.22 write it: seven fields, sorted by name. */
const CREATE_INDEX = Buffer.from("\x87\xabCreateIndex", "latin1");
const FLAGS = Buffer.from("\xa5Flags", "latin1");
const KEY = Buffer.from("\xa3Key", "latin1");
const LOCK_INDEX = Buffer.from("\xa9LockIndex", "latin1");
const MODIFY_INDEX = Buffer.from("\xabModifyIndex", "latin1");
/** No session holds the key. */
const NO_SESSION_AND_VALUE = Buffer.from("\xa7Session\xa0\xa5Value", "latin1");

/** An object can be reused to read many records. */
export class PlainKv {
  /** The range of the last record's key. */
  keyFrom = 0;
  keyTo = 0;

  /**
   * @param at - where the record's value begins
   * @returns where it ends; -1 if it has another form or is incomplete
   */
  scan(buffer: Buffer, at: number): number {
    const end = this.endFrom(buffer, at);
    return end > buffer.length ? -1 : end;
  }

  /**
   * @param at - where the record's value begins
   * @returns where it will end, if everything before the content of the field `Value` is there; -1 otherwise, and if it has
   *   another form
   */
  endFrom(buffer: Buffer, at: number): number {
    let next = afterNumber(buffer, afterText(buffer, at, CREATE_INDEX));
    next = afterNumber(buffer, afterText(buffer, next, FLAGS));
    next = afterText(buffer, next, KEY);
    this.keyFrom = contentAt(buffer, next);
    this.keyTo = endOfRaw(buffer, next);
    if (this.keyTo > buffer.length) return -1;
    // The general check reports an empty key.
    if (this.keyTo <= this.keyFrom) return -1;
    next = afterNumber(buffer, afterText(buffer, this.keyTo, LOCK_INDEX));
    next = afterNumber(buffer, afterText(buffer, next, MODIFY_INDEX));
    return endOfRaw(buffer, afterText(buffer, next, NO_SESSION_AND_VALUE));
  }
}

// Each of these returns -1 if it finds something else, if the buffer ends, or if `at` is already -1.

function afterText(buffer: Buffer, at: number, text: Buffer): number {
  const end = at + text.length;
  if (at < 0 || end > buffer.length) return -1;
  for (let i = 0; i < text.length; i++) if (buffer[at + i] !== text[i]) return -1;
  return end;
}

/** Skips an unsigned integer. */
function afterNumber(buffer: Buffer, at: number): number {
  if (at < 0 || at >= buffer.length) return -1;
  const descriptor = buffer[at] as number;
  if (descriptor < 0x80) return at + 1;
  if (descriptor < 0xcc || descriptor > 0xcf) return -1;
  return at + 1 + (1 << (descriptor - 0xcc));
}

/** Where the content of a string or of bytes begins, by the old specification, in which Consul writes. */
function contentAt(buffer: Buffer, at: number): number {
  if (at < 0 || at >= buffer.length) return -1;
  const descriptor = buffer[at] as number;
  if (descriptor >= 0xa0 && descriptor < 0xc0) return at + 1;
  if (descriptor === 0xda) return at + 3;
  return descriptor === 0xdb ? at + 5 : -1;
}

/** The end may lie behind that of the buffer. */
function endOfRaw(buffer: Buffer, at: number): number {
  const content = contentAt(buffer, at);
  if (content < 0 || content > buffer.length) return -1;
  let length = (buffer[at] as number) - 0xa0;
  if (content === at + 3) length = buffer.readUInt16BE(at + 1);
  else if (content === at + 5) length = buffer.readUInt32BE(at + 1);
  return content + length;
}
