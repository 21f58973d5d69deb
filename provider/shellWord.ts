/** Words of commands that are printed. */

/** What a terminal acts on or does not show, and what a printed line would lose. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|[^\S ]| {2}/u;

/**
 * One word for a POSIX shell, whatever characters it holds. Invisible ones are escaped, as bash, zsh and ksh read them, so that
 * the printed word is still the same name.
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
