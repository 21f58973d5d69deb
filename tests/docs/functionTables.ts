/** The tables of the plugin's functions in the reference: `npm run docs` writes them below their markers, a test compares them. */

import { OUTPUT_OBJECTS, type OutputKind, type OutputNoun, type OutputTable } from "../../provider/args/tables/outputs";
import { FUNCTIONS, type FunctionName } from "../../provider/functions/functions";
import { tableOfRows } from "./argumentTables";

/** A marker and the table below it. */
const TABLE = /(<!-- (inputs|outputs|object): (\w+) -->\n)((?:\|.*\n)*)/g;

type What = "inputs" | "outputs" | "object";

/**
 * The page with its marked tables as the functions define them.
 *
 * @throws Error when a marker names no function and no object
 */
export function renewFunctionTables(markdown: string): string {
  return markdown.replaceAll(TABLE, (_, marker: string, what: What, name: string) => marker + tableFor(what, name));
}

/** What the markers of a page name. */
export function markersIn(markdown: string): { readonly what: What; readonly name: string }[] {
  return [...markdown.matchAll(TABLE)].map(([, , what, name = ""]) => ({ what: what as What, name }));
}

function tableFor(what: What, name: string): string {
  if (what === "object") {
    if (!Object.hasOwn(OUTPUT_OBJECTS, name)) throw new Error(`there is no object named ${name}`);
    return outputsTable(OUTPUT_OBJECTS[name as OutputNoun].fields);
  }
  if (!Object.hasOwn(FUNCTIONS, name)) throw new Error(`there is no function named ${name}`);
  const called = FUNCTIONS[name as FunctionName];
  return what === "inputs" ? tableOfRows(called.inputs, true) : outputsTable(called.outputs);
}

function outputsTable(table: OutputTable): string {
  const rows = Object.entries(table).map(
    ([name, { kind, documentation }]) =>
      `| \`${name}\` | ${typeOf(kind)} | ${documentation.replaceAll("|", "\\|")} |\n`,
  );
  return ["| output | type | meaning |\n", "|---|---|---|\n", ...rows].join("");
}

function typeOf(kind: OutputKind): string {
  switch (kind.type) {
    case "string":
    case "boolean":
    case "number":
    case "any":
      return kind.type;
    case "integer":
      return "number";
    case "choice":
      return kind.choices.map((choice) => `\`"${choice}"\``).join(", ");
    case "strings":
      return "list of strings";
    case "list":
      return `list of \`${kind.of}\``;
    case "object":
      return `\`${kind.of}\``;
  }
}
