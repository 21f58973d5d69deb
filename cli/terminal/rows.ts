/** Names and values, one line each. Values may come from archives, manifests and servers: none can forge a line. */

import { cleanText, type CleanLines, type CleanText, composed, padded } from "../../provider/text";

/** The longest value, in characters: a location may be long. */
const LONGEST = 4096;

/** @param width - of the names, in characters */
export function rows(
  entries: readonly (readonly [string, string | number | undefined])[],
  width: number,
): CleanLines[] {
  return entries.map(([name, value]) => composed`  ${padded(cleanText(name), width)}${shown(value ?? "unknown")}`);
}

/** One value, or a message around values, on one line. */
export function shown(value: string | number): CleanText {
  return cleanText(String(value), LONGEST);
}
