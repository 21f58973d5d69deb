/** The tables of arguments in the reference: `npm run docs` writes them below `<!-- arguments: noun -->`, a test compares them. */

import { CONFIGURATION } from "../../provider/args/tables/configuration";
import { type Noun, NOUNS } from "../../provider/args/tables/nouns";
import type { Row, Table } from "../../provider/args/tables/row";
import { defaultInWords, typeInWords, variableInWords } from "./argumentText";

/** A marker and the table below it. */
const TABLE = /(<!-- arguments: (\w+) -->\n)((?:\|.*\n)*)/g;

/** A column of the reference: its heading, and the cell of a row. */
interface Column {
  readonly heading: string;
  readonly cell: (name: string, row: Row) => string;
}

const COLUMNS: readonly Column[] = [
  { heading: "argument", cell: (name) => `\`${name}\`` },
  { heading: "type", cell: (_, { kind }) => typeInWords(kind) },
  { heading: "environment", cell: (_, row) => variableInWords(row) ?? "" },
  { heading: "default", cell: (_, row) => defaultInWords(row) ?? "required" },
  {
    heading: "meaning",
    cell: (_, { documentation, secret, page }) =>
      [documentation, ...(secret === true ? ["Secret."] : []), ...(page === undefined ? [] : [`See ${page}.`])].join(
        " ",
      ),
  },
];

/** What a provider of the plugin can be configured with. */
const PROVIDER: Table = Object.fromEntries(
  Object.entries<Row>({ ...NOUNS.connection, ...CONFIGURATION }).filter(([, { dynamicOnly }]) => dynamicOnly !== true),
);

/** What a marker can name: the nouns, stack configuration, and that of the plugin. */
const TABLES: Readonly<Record<Noun | "configuration" | "provider", Table>> = {
  ...NOUNS,
  configuration: CONFIGURATION,
  provider: PROVIDER,
};

/** A table as Markdown. A column that would be empty is left out. */
export function tableOf(noun: keyof typeof TABLES): string {
  return tableOfRows(TABLES[noun]);
}

/** @param isPlugin - whether the plugin's documentation is meant, where it differs. Default: that of the SDK */
export function tableOfRows(table: Table, isPlugin = false): string {
  const rows = Object.entries(table).map(([name, row]): [string, Row] => {
    const { pluginDocumentation: documentation } = row;
    return [name, isPlugin && documentation !== undefined ? { ...row, documentation } : row];
  });
  const columns = COLUMNS.filter(({ cell }) => rows.some(([name, row]) => cell(name, row) !== ""));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  return [
    line(columns.map(({ heading }) => heading)),
    `|${columns.map(() => "---").join("|")}|\n`,
    ...rows.map(([name, row]) => line(columns.map(({ cell }) => cell(name, row).replaceAll("|", "\\|")))),
  ].join("");
}

/**
 * The page with its marked tables as the rows define them.
 *
 * @throws Error when a marker names no noun
 */
export function renewTables(markdown: string): string {
  return markdown.replaceAll(TABLE, (_, marker: string, noun: string) => {
    if (!Object.hasOwn(TABLES, noun)) throw new Error(`there is no table of arguments named ${noun}`);
    return marker + tableOf(noun as keyof typeof TABLES);
  });
}

/** The row that lists the arguments of `snapshotBefore`. */
const HOOK_ROW = /^\| `.*` (?=\| as in \[ConsulSnapshot\])/m;

/** The page of `snapshotBefore`, with the arguments of a snapshot that need no state. */
export function renewHookRow(markdown: string): string {
  const names = Object.entries(NOUNS.snapshot).flatMap(([name, { stateful }]) => (stateful ? [] : [`\`${name}\``]));
  return markdown.replace(HOOK_ROW, `| ${names.join(", ")} `);
}

/** The nouns whose tables a page shows. */
export function nounsIn(markdown: string): Noun[] {
  return [...markdown.matchAll(TABLE)].map(([, , noun = ""]) => noun as Noun);
}
