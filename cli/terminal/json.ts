/** Results as JSON, for programs. */

import { cleanJson, type CleanLines, composed } from "../../provider/text";

/**
 * One document, ended by a line break. No string in it shows a secret of this process.
 *
 * @param indent - in blanks. Default: 2; with 0 it is one line
 */
export function jsonText(value: unknown, indent = 2): CleanLines {
  return composed`${cleanJson(value, indent)}\n`;
}
