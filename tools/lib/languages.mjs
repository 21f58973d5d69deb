// What the tests of programs in other languages need: the hosts of these languages, the generators of SDKs, and a Python
// environment with the packages that tools/python/requirements.txt pins.
import { chmodSync, copyFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { buildTools, findModule } from "./go.mjs";
import { bin, made, root } from "./paths.mjs";
import { run } from "./processes.mjs";
import { begin } from "./say.mjs";
import { clearStamp, hashOf, readStamp, writeStamp } from "./stamp.mjs";

const PYTHON_HOST = "pulumi-language-python";
const STAMP = "python";
const requirements = join(root, "tools", STAMP, "requirements.txt");

/** The test file that runs such programs. */
export const LANGUAGES_TEST = "tests/engine/plugin/languages.test.ts";

/** Builds and installs all of it, if it is not there; no Python where this machine has none. */
export async function prepareLanguages() {
  await buildTools(["pulumi-language-go", PYTHON_HOST, "pulumi-sdk-generator"]);
  await installPython();
}

async function installPython() {
  const madeFrom = hashOf([readFileSync(requirements), root]);
  if (readStamp(STAMP) === madeFrom || !(await hasPython())) return;
  // The host starts it for each program, and looks for it beside itself.
  const launcher = join(bin, "pulumi-language-python-exec");
  copyFileSync(join(await findModule(PYTHON_HOST), "python/cmd/pulumi-language-python-exec"), launcher);
  chmodSync(launcher, 0o755);
  const activity = begin("Installing packages for Python (pip install)");
  const target = join(made, STAMP);
  clearStamp(STAMP);
  rmSync(target, { recursive: true, force: true });
  const commands = [
    ["python3", "-m", "venv", target],
    [join(target, "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "-r", requirements],
  ];
  for (const [program = "", ...args] of commands) {
    const { code, output } = await run(program, args);
    if (code === 0) continue;
    activity.drop();
    throw new Failure(`\`${program} ${args.join(" ")}\` failed:\n${output.trimEnd()}`);
  }
  writeStamp(STAMP, madeFrom);
  activity.done("Installed packages for Python");
}

/** Whether `python3` is there, with what creates environments: Debian has that in a package of its own. */
async function hasPython() {
  try {
    return (await run("python3", ["-c", "import ensurepip, venv"])).code === 0;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return false;
    throw error;
  }
}
