/** Parses a SHA-256 as users write it: 64 hexadecimal digits, returned in lower case; `undefined` for anything else. */
export function parseSha256(text: string): string | undefined {
  return /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined;
}
