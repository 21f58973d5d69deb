/** Reads files of this package, whether its code runs from the sources, from `dist/`, or in a single executable. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { embeddedText, isSingleExecutable } from "./singleExecutable";

/**
 * The content of a file at the package's root.
 *
 * @param name - such as `package.json`
 * @throws Error if there is no such file
 */
export function readPackageFile(name: string): string {
  if (isSingleExecutable) return embeddedText(name);
  // The root is one folder up from the sources and two from `dist/`; the nearest match is this package's in both cases.
  for (const up of ["..", "../.."]) {
    try {
      return readFileSync(join(__dirname, up, name), "utf8");
    } catch {}
  }
  throw new Error(`the file ${name} of this package is missing: install it again`);
}
