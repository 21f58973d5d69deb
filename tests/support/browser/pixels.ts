/** The pixels of a screenshot: the browser decodes it in an empty page. */

import type { BrowserPage } from "./page";

/** How many pixels have each color, the most frequent first. A color is such as "17,17,17". */
export async function countColors(empty: BrowserPage, png: Buffer): Promise<Map<string, number>> {
  const counts = await empty.evaluate(`(async () => {
    const answer = await fetch("data:image/png;base64,${png.toString("base64")}");
    const image = await createImageBitmap(await answer.blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const counts = new Map();
    for (let at = 0; at < data.length; at += 4) {
      const color = data.slice(at, at + 3).join();
      counts.set(color, (counts.get(color) ?? 0) + 1);
    }
    return [...counts].sort(([, a], [, b]) => b - a);
  })()`);
  return new Map(counts as [string, number][]);
}
