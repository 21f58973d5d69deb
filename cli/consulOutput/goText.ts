/** Formats text as Go's libraries do, byte for byte, because Consul prints with them. */

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** A size in units of 1024 with one decimal, rounded half to even; `.0` is left out. */
export function byteSize(bytes: number): string {
  if (bytes === 0) return "0";
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const unit = 1024n ** BigInt(power);
  const tenths = BigInt(bytes) * 10n;
  let rounded = tenths / unit;
  const twice = (tenths % unit) * 2n;
  if (twice > unit || (twice === unit && rounded % 2n === 1n)) rounded += 1n;
  const decimal = rounded % 10n === 0n ? "" : `.${rounded % 10n}`;
  return `${rounded / 10n}${decimal}${UNITS[power] ?? ""}`;
}

/** A JSON string as encoding/json writes it, from bytes that should be UTF-8. */
export function jsonString(bytes: Buffer): string {
  const plain = bytes.toString("latin1");
  if (/^[ !#-%'-;=?-[\]-~]*$/.test(plain)) return `"${plain}"`;
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = runeBytes(bytes, at);
    parts.push(size === 0 ? "\\ufffd" : escape(bytes.toString("utf8", at, at + size)));
    at += size || 1;
  }
  return `"${parts.join("")}"`;
}

function escape(character: string): string {
  if (/[<>&\u2028\u2029]/.test(character)) return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(character).slice(1, -1);
}

/** The number of characters as Go counts them: each invalid byte counts as one. */
export function runeCount(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) at += runeBytes(bytes, at) || 1;
  return count;
}

/** Length of the character at a position, in bytes; 0 if the bytes are not UTF-8. */
function runeBytes(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const size =
    first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (size === 0 || at + size > bytes.length) return 0;
  for (let i = 1; i < size; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  // Overlong encodings, halves of surrogate pairs, and values beyond Unicode.
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return size;
}
