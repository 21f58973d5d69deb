// npm packages that only some tests need, and that the package does not depend on: a folder of tools/ with a package.json
// and a package-lock.json.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { made, root } from "./paths.mjs";
import { atExit, run } from "./processes.mjs";
import { begin } from "./say.mjs";
import { clearStamp, hashOf, readStamp, writeStamp } from "./stamp.mjs";

const FILES = ["package.json", "package-lock.json"];

/** The system for which these packages hold programs. */
const SYSTEM = "linux-x64";

/**
 * Installs the packages of `tools/<name>` into `.tools/<name>`, if they are not there; nothing on a system for which they
 * hold no programs.
 * @param {string} name
 * @param {string} title what they are, for a person
 * @param {(folder: string) => Promise<void>} [finish] makes of the installed packages what is kept
 */
export async function installPinnedPackages(name, title, finish) {
  if (`${process.platform}-${process.arch}` !== SYSTEM) return;
  const pinned = join(root, "tools", name);
  const madeFrom = hashOf(FILES.map((file) => readFileSync(join(pinned, file))));
  if (existsSync(join(made, name)) && readStamp(name) === madeFrom) return;
  const activity = begin(`Installing ${title} (npm ci)`);
  const fresh = join(made, `${name}.${process.pid}`);
  const discard = atExit(() => rmSync(fresh, { recursive: true, force: true }));
  mkdirSync(fresh, { recursive: true });
  for (const file of FILES) copyFileSync(join(pinned, file), join(fresh, file));
  try {
    const installed = await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: fresh });
    if (installed.code !== 0) {
      throw new Failure(`\`npm ci\` failed for tools/${name}:\n${installed.output.trimEnd()}`);
    }
    await finish?.(fresh);
  } catch (error) {
    activity.drop();
    throw error;
  }
  clearStamp(name);
  rmSync(join(made, name), { recursive: true, force: true });
  renameSync(fresh, join(made, name));
  writeStamp(name, madeFrom);
  discard();
  activity.done(`Installed ${title}`);
}
