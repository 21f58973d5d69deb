/** Converts bytes that are usually text for JSON: without loss, and without characters that a terminal interprets. */

import { cleanMessage } from "../../provider/text";

/**
 * @returns a member with the text, and where the text is not exactly the bytes, also one with their base64: `key` and
 *   `keyBase64`
 */
export function exactText(name: string, bytes: Buffer): Record<string, string> {
  const text = bytes.toString("utf8");
  const clean = cleanMessage(text);
  if (clean.includes("…") && !text.includes("…")) return { [name]: clean };
  const isExact = clean === text && Buffer.from(text, "utf8").equals(bytes);
  return isExact ? { [name]: text } : { [name]: clean, [`${name}Base64`]: bytes.toString("base64") };
}
