/**
 * Makes text from an archive safe for a terminal. Consul's HTTP API refuses keys with characters that Go does not print
 * (agent/http.go, PathUnprintable; Consul 1.13), so keys that were written through the API are shown unchanged.
 */

import { cleanText } from "../../provider/text";

/** Go's `unicode.IsPrint`. */
const PRINTED = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;
/** Maximum length of cleaned text, in characters. */
const LONGEST = 4096;

/** The same bytes, but characters that could forge a line or control a terminal become spaces. */
export function printable(bytes: Buffer): Buffer {
  const text = bytes.toString("utf8");
  // Bytes that are not UTF-8 are replaced when they are decoded.
  if (PRINTED.test(text) && Buffer.from(text).equals(bytes)) return bytes;
  return Buffer.from(cleanText(text, LONGEST));
}
