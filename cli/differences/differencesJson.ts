/** Differences as one JSON document, written piece by piece: the shape of docs/reference/command.md. */

import { compact } from "../../provider/compact";
import type { Difference, DiffSummary } from "../../provider/contents/diff";
import { exactText } from "../terminal/exactText";
import { jsonText } from "../terminal/json";

export class DifferencesJson {
  #separator = "\n";

  constructor(
    /** The first members of the document. */
    private readonly head: object,
    /** Whether only the counts are printed. */
    private readonly isSummary: boolean,
  ) {}

  difference({ type, change, key, name, fields }: Difference): string {
    if (this.isSummary) return "";
    const value = compact({
      type,
      change,
      ...(key.length === 0 ? {} : exactText("key", key)),
      ...(name.length === 0 ? {} : exactText("name", name)),
      fields,
    });
    const before = this.#opening();
    this.#separator = ",\n";
    return `${before}    ${jsonText(value, 0).trimEnd()}`;
  }

  ending({ same, types }: DiffSummary): string {
    const before = this.#separator === "\n" ? this.#opening().trimEnd() : "\n  ";
    const counts = jsonText(types.map(({ writer, ...counted }) => ({ ...counted, writtenBy: writer }))).trimEnd();
    const list = this.isSummary ? this.#head() : `${before}],`;
    return `${list}\n  "types": ${counts.replaceAll("\n", "\n  ")},\n  "same": ${same}\n}\n`;
  }

  /** The beginning is written with the first difference, so that an earlier failure can be a document of its own. */
  #opening(): string {
    if (this.#separator !== "\n") return this.#separator;
    return `${this.#head()}\n  "differences": [\n`;
  }

  #head(): string {
    return `${jsonText(this.head).trimEnd().replace(/\n\}$/, "")},`;
  }
}
