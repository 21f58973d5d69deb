/** Names and values, one line each. Values may come from archives, manifests and servers: none can forge a line. */

import { cleanText } from "../../provider/text";

/** The longest value, in characters: a location may be long. */
const LONGEST = 4096;

/** @param width - of the names, in characters */
export function rows(entries: readonly (readonly [string, string | number | undefined])[], width: number): string[] {
  return entries.map(([name, value]) => `  ${name.padEnd(width)}${shown(value ?? "unknown")}`);
}

/** One value, or a message around values, on one line. */
export function shown(value: string | number): string {
  return cleanText(String(value), LONGEST);
}
