/** Differences as lines for a person: under each type its records, then how many there are of each type. */

import type { Difference, DiffSummary } from "../../provider/contents/diff";
import type { Shown } from "../../provider/contents/shownFields";
import { type CleanLines, type CleanText, composed, joined, padded, sentence, shortened } from "../../provider/text";
import { shown } from "../terminal/rows";

const MARKS = { added: composed`+`, removed: composed`-`, changed: composed`~` } as const;
/** Maximum length of a shown value, in characters. */
const LONGEST_VALUE = 200;

export class DifferenceText {
  #type = "";

  /** @param isSummary - whether only the counts are printed */
  constructor(private readonly isSummary: boolean) {}

  difference({ type, change, key, name, fields = [] }: Difference): CleanLines {
    if (this.isSummary) return composed``;
    const heading = type === this.#type ? [] : [...(this.#type === "" ? [] : [composed``]), shown(type)];
    this.#type = type;
    const lines = fields.map(({ field, from, to }) => {
      const value = change === "changed" ? composed`${valueText(from)} => ${valueText(to)}` : valueText(to ?? from);
      return composed`      ${shown(field)}: ${value}`;
    });
    return joined([...heading, composed`  ${MARKS[change]} ${titleOf(key, name)}`, ...lines, composed``], "\n");
  }

  ending({ same, types }: DiffSummary): CleanLines {
    const differing = types.filter(({ added, removed, changed }) => added + removed + changed > 0);
    const width = differing.reduce((most, { type }) => Math.max(most, type.length), "type".length);
    const row = (type: string, counts: readonly (string | number)[]): CleanLines =>
      joined(
        [composed`  ${padded(shown(type), width)}`, ...counts.map((count) => padded(shown(count), 10, "left"))],
        "",
      );
    const table = differing.map(({ type, writer, added, removed, changed, same: kept }) =>
      writer === "servers"
        ? composed`${row(type, [added, removed, changed, kept])}   servers and agents write these`
        : row(type, [added, removed, changed, kept]),
    );
    const head = row("type", ["added", "removed", "changed", "same"]);
    return joined(
      [
        ...(this.#type === "" ? [] : [composed``]),
        ...(table.length === 0 ? [] : [head, ...table, composed``]),
        verdict(same, differing.length > 0),
        composed``,
      ],
      "\n",
    );
  }
}

function verdict(same: boolean, isDifferent: boolean): CleanText {
  if (!same) return sentence`They differ.`;
  return isDifferent ? sentence`What users write is the same.` : sentence`They are the same.`;
}

function titleOf(key: Buffer, name: Buffer): CleanLines {
  const text = key.length === 0 ? composed`(the only one)` : shown(key.toString());
  return name.length === 0 ? text : composed`${text} (${shown(name.toString())})`;
}

function valueText(value: Shown | undefined): CleanLines {
  if (value === undefined) return composed`(not set)`;
  if (value === null || typeof value === "number" || typeof value === "boolean") return shown(String(value));
  if (typeof value === "string") {
    const text = shown(value);
    return text.length > LONGEST_VALUE ? composed`"${shortened(text, LONGEST_VALUE)}…"` : composed`"${text}"`;
  }
  if ("hidden" in value) return composed`(hidden)`;
  if ("base64" in value) return composed`(base64) ${shortened(shown(value.base64), LONGEST_VALUE)}`;
  return composed`(${value.bytes} bytes, SHA-256 ${shown(value.sha256)})`;
}
