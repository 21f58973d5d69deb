/** Quotes words of printed commands. */

/** Characters that a terminal interprets or does not show, and whitespace that is lost when a line is copied. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|[^\S ]| {2}/u;

/**
 * Quotes any string as one word of a POSIX shell. Invisible characters are escaped in the form that bash, zsh and ksh read, so
 * that the printed word still denotes the same name.
 */
export function shellWord(text: string): string {
  if (!INVISIBLE.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${Array.from(text, escaped).join("")}'`;
}

function escaped(character: string): string {
  if (character === "'" || character === "\\") return `\\${character}`;
  if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return character;
  return Array.from(Buffer.from(character), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
