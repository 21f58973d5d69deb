// The newer versions of Node on which one test of the engine runs, and the newest Pulumi SDK: tools/node-versions names
// them, as packages.
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { made, root } from "./paths.mjs";
import { atExit, run } from "./processes.mjs";
import { begin } from "./say.mjs";
import { clearStamp, hashOf, readStamp, writeStamp } from "./stamp.mjs";

const STAMP = "node-versions";
const FILES = ["package.json", "package-lock.json"];
const pinned = join(root, "tools", STAMP);

/** The test file that runs on them. */
export const NODE_VERSIONS_TEST = "tests/engine/nodeVersions.test.ts";

/** Installs them into `.tools/node-versions`, if they are not there; nothing where there are none for this system. */
export async function installNodeVersions() {
  if (`${process.platform}-${process.arch}` !== "linux-x64") return;
  const madeFrom = hashOf(FILES.map((name) => readFileSync(join(pinned, name))));
  if (readStamp(STAMP) === madeFrom) return;
  const activity = begin("Installing newer versions of Node.js (npm ci)");
  const fresh = join(made, `${STAMP}.${process.pid}`);
  const discard = atExit(() => rmSync(fresh, { recursive: true, force: true }));
  mkdirSync(fresh, { recursive: true });
  for (const name of FILES) copyFileSync(join(pinned, name), join(fresh, name));
  const installed = await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: fresh });
  if (installed.code !== 0) {
    activity.drop();
    throw new Failure(`\`npm ci\` failed for tools/${STAMP}:\n${installed.output.trimEnd()}`);
  }
  clearStamp(STAMP);
  rmSync(join(made, STAMP), { recursive: true, force: true });
  renameSync(fresh, join(made, STAMP));
  writeStamp(STAMP, madeFrom);
  discard();
  activity.done("Installed newer versions of Node.js");
}
