// One folder of tests, run by mocha in a process group and a temporary folder of its own.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { awaitLeftovers, killLeftovers } from "./leftovers.mjs";
import { root } from "./paths.mjs";
import { atExit, run } from "./processes.mjs";
import { say } from "./say.mjs";

/** How long an interrupted suite may take to end its servers by itself, in ms. */
const GRACE_MS = 15_000;

/**
 * Runs `tests/{name}/**` and streams what mocha prints. Besides failing tests, these are failures: to end before the
 * tests did, to run none, and to leave a process running.
 * @param {string} name
 * @param {string} temporary a folder of this run
 * @returns {Promise<import("./steps.mjs").Result>}
 */
export async function runSuite(name, temporary) {
  const folder = join(temporary, name);
  const report = join(temporary, `${name}.json`);
  mkdirSync(folder);
  const clear = atExit(() => {
    killLeftovers(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
  const reporter = ["--reporter", join(root, "tools", "lib", "reporter.cjs"), "--reporter-option", `result=${report}`];
  const { code } = await run(process.execPath, [mocha, ...reporter, `tests/${name}/**/*.test.ts`], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "inherit", "inherit"],
    stopSignal: "SIGINT",
    graceMs: GRACE_MS,
  });

  const counted = readResult(report);
  const result = counted ?? { passed: 0, failed: [], skipped: [] };
  const problems = [];
  if (counted === undefined) problems.push(`ended before its tests did (exit code ${code})`);
  else if (counted.passed + counted.failed.length === 0) problems.push("ran no test");
  else if (counted.failed.length === 0 && code !== 0) problems.push(`exit code ${code} though no test failed`);
  for (const { pid, command } of await awaitLeftovers(folder)) problems.push(`left running: ${command} (${pid})`);
  for (const problem of problems) say(`  ${problem}`);
  result.failed.push(...problems);
  clear();
  return result;
}

/**
 * @param {string} file
 * @returns {import("./steps.mjs").Result | undefined} nothing if mocha did not come to its end
 */
function readResult(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
