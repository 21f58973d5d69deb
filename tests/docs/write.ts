/** `npm run docs` runs this when everything is built: plays the scenes of each page, or of those named, and writes them. */

import { readFile, writeFile } from "node:fs/promises";
import { renew } from "./page";
import { PAGES } from "./pages";

async function main(named: readonly string[]): Promise<void> {
  for (const { file, play } of PAGES) {
    if (named.length > 0 && !named.includes(file)) continue;
    const before = await readFile(file, "utf8");
    const after = renew(before, await play());
    await writeFile(file, after);
    console.log(`${file}: ${after === before ? "is as it was" : "written"}`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
