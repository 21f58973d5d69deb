/**
 * Access to the files that a single executable contains besides its program. `npm run release` builds it
 * (tools/lib/release/bundles.mjs): the program is one file; other files that the package reads or loads lazily are
 * embedded as text, by name.
 */

import { dirname } from "node:path";
import { getAsset, isSea } from "node:sea";
import { compileFunction } from "node:vm";

/** Whether this process is a single executable, which has no package folder beside it. */
export const isSingleExecutable = isSea();

/**
 * The embedded text of this name.
 *
 * @throws Error if the executable contains no such text, or if this process is not a single executable
 */
export function embeddedText(name: string): string {
  return getAsset(name, "utf8");
}

type CommonJsProgram = (
  module: object,
  exports: object,
  require: (name: string) => unknown,
  filename: string,
  dirname: string,
) => void;

const loaded = new Map<string, unknown>();

/**
 * The exports of an embedded CommonJS module, which runs when it is first loaded. It can load only modules of Node.js.
 */
export function loadEmbedded(name: string): unknown {
  if (!loaded.has(name)) {
    const module = { exports: {} };
    const parameters = ["module", "exports", "require", "__filename", "__dirname"];
    const program = compileFunction(embeddedText(name), parameters, { filename: name }) as CommonJsProgram;
    program(module, module.exports, requireBuiltin, process.execPath, dirname(process.execPath));
    loaded.set(name, module.exports);
  }
  return loaded.get(name);
}

function requireBuiltin(name: string): unknown {
  const found: unknown = process.getBuiltinModule(name);
  if (found !== undefined) return found;
  // Libraries try to load optional modules and check the error code.
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: "MODULE_NOT_FOUND" });
}
