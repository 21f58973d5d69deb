import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** What the tools made: nothing in it is worth keeping. */
export const made = join(root, ".tools");
/** The programs that `npm run tools` built. */
export const bin = join(made, "bin");

/**
 * The path of a program that `npm run tools` builds.
 * @param {string} name
 */
export const toolPath = (name) => join(bin, process.platform === "win32" ? `${name}.exe` : name);
