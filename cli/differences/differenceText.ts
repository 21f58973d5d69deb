/** Differences as lines for a person: under each type its records, then how many there are of each type. */

import type { Difference, DiffSummary } from "../../provider/contents/diff";
import type { Shown } from "../../provider/contents/shownFields";
import { shown } from "../terminal/rows";

const MARKS = { added: "+", removed: "-", changed: "~" } as const;
/** Maximum length of a shown value, in characters. */
const LONGEST_VALUE = 200;

export class DifferenceText {
  #type = "";

  /** @param isSummary - whether only the counts are printed */
  constructor(private readonly isSummary: boolean) {}

  difference({ type, change, key, name, fields = [] }: Difference): string {
    if (this.isSummary) return "";
    const heading = type === this.#type ? [] : [...(this.#type === "" ? [] : [""]), type];
    this.#type = type;
    const lines = fields.map(({ field, from, to }) => {
      const value = change === "changed" ? `${valueText(from)} => ${valueText(to)}` : valueText(to ?? from);
      return `      ${shown(field)}: ${value}`;
    });
    return [...heading, `  ${MARKS[change]} ${titleOf(key, name)}`, ...lines, ""].join("\n");
  }

  ending({ same, types }: DiffSummary): string {
    const differing = types.filter(({ added, removed, changed }) => added + removed + changed > 0);
    const width = differing.reduce((most, { type }) => Math.max(most, type.length), "type".length);
    const row = (cells: readonly (string | number)[], note = ""): string =>
      `  ${String(cells[0]).padEnd(width)}${cells
        .slice(1)
        .map((cell) => String(cell).padStart(10))
        .join("")}${note === "" ? "" : `   ${note}`}`;
    const table = differing.map(({ type, writer, added, removed, changed, same: kept }) =>
      row([type, added, removed, changed, kept], writer === "servers" ? "servers and agents write these" : ""),
    );
    return [
      ...(this.#type === "" ? [] : [""]),
      ...(table.length === 0 ? [] : [row(["type", "added", "removed", "changed", "same"]), ...table, ""]),
      verdict(same, differing.length > 0),
      "",
    ].join("\n");
  }
}

function verdict(same: boolean, isDifferent: boolean): string {
  if (!same) return "They differ.";
  return isDifferent ? "What users write is the same." : "They are the same.";
}

function titleOf(key: Buffer, name: Buffer): string {
  const text = key.length === 0 ? "(the only one)" : shown(key.toString());
  return name.length === 0 ? text : `${text} (${shown(name.toString())})`;
}

function valueText(value: Shown | undefined): string {
  if (value === undefined) return "(not set)";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    const text = shown(value);
    return text.length > LONGEST_VALUE ? `"${text.slice(0, LONGEST_VALUE)}…"` : `"${text}"`;
  }
  if ("hidden" in value) return "(hidden)";
  if ("base64" in value) return `(base64) ${value.base64.slice(0, LONGEST_VALUE)}`;
  return `(${value.bytes} bytes, SHA-256 ${value.sha256})`;
}
