/** Differences as one JSON document, written piece by piece: the shape of docs/reference/command.md. */

import { compact } from "../../provider/compact";
import type { Difference, DiffSummary } from "../../provider/contents/diff";
import { exactText } from "../terminal/exactText";
import { cleanJson, type CleanLines, composed, hanging, shortened } from "../../provider/text";

export class DifferencesJson {
  #isFirst = true;

  constructor(
    /** The first members of the document. */
    private readonly head: object,
    /** Whether only the counts are printed. */
    private readonly isSummary: boolean,
  ) {}

  difference({ type, change, key, name, fields }: Difference): CleanLines {
    if (this.isSummary) return composed``;
    const value = compact({
      type,
      change,
      ...(key.length === 0 ? {} : exactText("key", key)),
      ...(name.length === 0 ? {} : exactText("name", name)),
      fields,
    });
    const before = this.#opening();
    this.#isFirst = false;
    return composed`${before}\n    ${cleanJson(value, 0)}`;
  }

  ending({ same, types }: DiffSummary): CleanLines {
    const before = this.#isFirst ? this.#opening() : composed`\n  `;
    const counts = cleanJson(
      types.map(({ writer, ...counted }) => ({ ...counted, writtenBy: writer })),
      2,
    );
    const list = this.isSummary ? this.#head() : composed`${before}],`;
    return composed`${list}\n  "types": ${hanging(counts, 2)},\n  "same": ${cleanJson(same, 0)}\n}\n`;
  }

  /** The beginning is written with the first difference, so that an earlier failure can be a document of its own. */
  #opening(): CleanLines {
    return this.#isFirst ? composed`${this.#head()}\n  "differences": [` : composed`,`;
  }

  #head(): CleanLines {
    const head = cleanJson(this.head, 2);
    return composed`${shortened(head, head.length - "\n}".length)},`;
  }
}
