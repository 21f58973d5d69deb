/** The SDK's argument types and its list of secrets, as the tables of arguments define them: `npm run docs` writes them. */

import { type Noun, NOUNS } from "../../provider/args/tables/nouns";
import type { Row, Table } from "../../provider/args/tables/row";
import { defaultInWords, inputTypeOf, INTERFACES, variableInWords } from "./argumentText";

export const TYPES_FILE = "sdk/args.ts";
export const SECRETS_FILE = "sdk/secrets.ts";
export const HOOK_FILE = "sdk/snapshotBefore.ts";

const LINE = 120;

/**
 * The file of types, with the members of each interface as its table has them.
 *
 * @throws Error when an interface is missing
 */
export function renewTypes(source: string): string {
  return (Object.keys(NOUNS) as Noun[]).reduce((text, noun) => {
    const members = Object.entries(NOUNS[noun]).map(([name, row]) => memberOf(name, row));
    const block = new RegExp(`(\\nexport interface ${INTERFACES[noun]} )\\{(?:\\}|\\n[^]*?\\n\\})`);
    return replace(text, block, `{\n${members.join("\n\n")}\n}`);
  }, source);
}

/**
 * The file of secrets, with its lists of names as the tables have them.
 *
 * @throws Error when a list is missing
 */
export function renewSecrets(source: string): string {
  const isSecret = ({ secret }: Row): boolean => secret === true;
  const nested = (["connection", "decryption"] as const).map((noun) => {
    const open = namesOf(NOUNS[noun], (row) => !isSecret(row));
    return `  ${noun}: ${listOf(open, "  ", noun.length + 4)},\n`;
  });
  const withOpen = replace(source, /(\nconst OPEN: Names = )[^]*?;(?=\n\n)/, `{\n${nested.join("")}};`);
  const whole = namesOf({ ...NOUNS.snapshot, ...NOUNS.restore }, isSecret);
  return replace(withOpen, /(\nconst SECRET: readonly string\[\] = )[^]*?;(?=\n\n)/, `${listOf(whole, "", 33)};`);
}

/**
 * The file of `snapshotBefore`, with the arguments of a snapshot that need no state.
 *
 * @throws Error when its type is missing
 */
export function renewHookArgs(source: string): string {
  const names = namesOf(NOUNS.snapshot, ({ stateful }) => stateful !== true);
  const single = `  ${names.join(" | ")}`;
  const union = single.length <= LINE ? single : names.map((name) => `  | ${name}`).join("\n");
  return replace(source, /(\nexport type SnapshotBeforeArgs = Pick<\n {2}ConsulSnapshotArgs,\n)[^]*?(?=\n>;)/, union);
}

function namesOf(table: Table, isWanted: (row: Row) => boolean): string[] {
  return Object.entries(table).flatMap(([name, row]) => (isWanted(row) ? [JSON.stringify(name)] : []));
}

/** A list as the formatter writes it, behind so many characters. */
function listOf(items: readonly string[], indent: string, column: number): string {
  const single = `[${items.join(", ")}]`;
  if (column + single.length + 1 <= LINE) return single;
  return `[\n${items.map((item) => `${indent}  ${item},\n`).join("")}${indent}]`;
}

/**
 * Replaces what a pattern finds behind its first group.
 *
 * @throws Error when it finds nothing
 */
export function replace(text: string, pattern: RegExp, replacement: string): string {
  if (!pattern.test(text)) throw new Error(`there is no ${pattern.source}`);
  return text.replace(pattern, (_, head: string) => head + replacement);
}

/** What an argument's doc comment says. */
export function docComment(row: Row): string {
  const variable = variableInWords(row);
  const instead = defaultInWords(row);
  return [
    row.documentation,
    ...(row.secret === true ? ["Secret."] : []),
    ...(variable === undefined ? [] : [`Environment: ${variable}.`]),
    ...(instead === undefined ? [] : [`Default: ${instead}.`]),
  ].join(" ");
}

function memberOf(name: string, row: Row): string {
  const optional = row.required === true ? "" : "?";
  return `${comment(docComment(row))}\n  readonly ${name}${optional}: ${inputTypeOf(row.kind)};`;
}

/** A doc comment of a member. */
export function comment(text: string): string {
  const single = `  /** ${text} */`;
  if (single.length <= LINE) return single;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trimStart();
    if (longer.length <= LINE - "   * ".length) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return ["  /**", ...lines.map((line) => `   * ${line}`), "   */"].join("\n");
}
