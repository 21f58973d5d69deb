/** Programs of the tests as one file of JavaScript each: to start one costs what it loads, and no compiler. */

import { mkdirSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";

/** Below the repository, so that libraries are found from there. */
const FOLDER = resolve(".tools/programs");
const compiled = new Map<string, string>();

/**
 * The path of a program of this folder, compiled with what it imports of this repository.
 *
 * @param name - of its file, without `.ts`
 */
export function compiledProgram(name: string): string {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const outfile = join(FOLDER, `${name}.cjs`);
  // Other test files may compile the same at the same time.
  const fresh = join(FOLDER, `${name}.${process.pid}.cjs`);
  mkdirSync(FOLDER, { recursive: true });
  buildSync({
    entryPoints: [join(__dirname, `${name}.ts`)],
    outfile: fresh,
    bundle: true,
    platform: "node",
    target: "node20",
    packages: "external",
    // Errors and classes are looked at by name.
    keepNames: true,
    logLevel: "error",
  });
  renameSync(fresh, outfile);
  compiled.set(name, outfile);
  return outfile;
}
