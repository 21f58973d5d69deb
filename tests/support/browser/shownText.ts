/** Each piece of text that a page shows, also what its style sheet adds, as the browser laid it out. */

import { type Color, parseColor } from "./contrast";
import type { BrowserPage } from "./page";

export interface ShownText {
  readonly text: string;
  /** With the opacity of everything that it is in. */
  readonly color: Color;
  /** In CSS pixels of the page. */
  readonly left: number;
  readonly right: number;
  /** The elements around it that paint a background of their own, from the innermost, such as `BODY`. */
  readonly backgrounds: readonly string[];
}

/** What the protocol answers: strings are indexes into one list, and a layout names its node by its index. */
interface Snapshot {
  readonly strings: readonly string[];
  readonly documents: readonly {
    readonly nodes: { readonly parentIndex: readonly number[]; readonly nodeName: readonly number[] };
    readonly layout: {
      readonly nodeIndex: readonly number[];
      readonly text: readonly number[];
      readonly styles: readonly (readonly number[])[];
      readonly bounds: readonly (readonly number[])[];
    };
  }[];
}

const STYLES = ["color", "opacity", "background-color"];

export async function readShownText(page: BrowserPage): Promise<readonly ShownText[]> {
  const snapshot = (await page.call("DOMSnapshot.captureSnapshot", { computedStyles: STYLES })) as Snapshot;
  const [document] = snapshot.documents;
  if (document === undefined) throw new Error("the page has no document");
  const { nodes, layout } = document;
  const stringAt = (index = -1): string => snapshot.strings[index] ?? "";
  const layoutOf = new Map(layout.nodeIndex.map((node, at) => [node, at]));

  /** A node and those around it, with their styles. */
  function* outwards(from: number): Generator<{ name: string; opacity: number; background: Color }> {
    for (let node = from; node >= 0; node = nodes.parentIndex[node] ?? -1) {
      const styles = layout.styles[layoutOf.get(node) ?? -1];
      // The document itself has no style.
      if (styles === undefined || styles.length === 0) continue;
      yield {
        name: stringAt(nodes.nodeName[node]),
        opacity: Number(stringAt(styles[1])),
        background: parseColor(stringAt(styles[2])),
      };
    }
  }

  return layout.nodeIndex.flatMap((node, at) => {
    const text = stringAt(layout.text[at]);
    const [left = 0, , width = 0] = layout.bounds[at] ?? [];
    if (text.trim() === "" || width === 0) return [];
    const color = parseColor(stringAt(layout.styles[at]?.[0]));
    // The text's own node repeats the styles of its element.
    const around = [...outwards(nodes.parentIndex[node] ?? -1)];
    const alpha = around.reduce((product, { opacity }) => product * opacity, color.alpha);
    const backgrounds = around.filter(({ background }) => background.alpha > 0).map(({ name }) => name);
    return [{ text, color: { ...color, alpha }, left, right: left + width, backgrounds }];
  });
}
