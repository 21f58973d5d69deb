/** Results as JSON, for programs. */

import { cleanMessage, escapeJson } from "../../provider/text";

/**
 * One document, ended by a line break. No string in it shows a secret of this process.
 *
 * @param indent - in blanks. Default: 2; with 0 it is one line
 */
export function jsonText(value: unknown, indent = 2): string {
  const json = JSON.stringify(
    value,
    (_name, inner: unknown) => (typeof inner === "string" ? cleanMessage(inner) : inner),
    indent,
  );
  return `${escapeJson(json)}\n`;
}
