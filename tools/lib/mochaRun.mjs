// Some test files, run by mocha in a process group and a temporary folder of their own.
import { mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { awaitLeftovers, killLeftovers } from "./leftovers.mjs";
import { made, root } from "./paths.mjs";
import { atExit, run } from "./processes.mjs";
import { noResult } from "./steps.mjs";

/** How long interrupted tests may take to end their servers by themselves, in ms. */
const GRACE_MS = 15_000;

/**
 * Runs the files of a job. Besides failing tests, these are failures: to end before the tests did, to run none, and to
 * leave a process running.
 * @param {import("./schedule.mjs").Job} job
 * @param {string} temporary a folder for this job alone, which must not exist yet
 * @param {NodeJS.ProcessEnv} env what the tests find in their environment besides this process's own
 * @returns {Promise<{ result: import("./steps.mjs").Result, output: string, cpuMs: number }>} `output` is what is to be
 *   shown; `cpuMs` is the processor time of the tests and their children (0 where the system does not tell)
 */
export async function runMocha(job, temporary, env) {
  const report = `${temporary}.json`;
  mkdirSync(temporary);
  shareCompiled(temporary);
  const clear = atExit(() => {
    killLeftovers(temporary);
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  });
  // What mocha's bin/mocha.js starts as a second process, for the option of Node that .mocharc.json has.
  const mocha = ["--import=tsx", join(root, "node_modules", "mocha", "lib", "cli", "cli.js")];
  const reporter = ["--reporter", join(root, "tools", "lib", "reporter.cjs"), "--reporter-option", `result=${report}`];
  const { code, output } = await run(process.execPath, [...mocha, ...reporter, ...job.files], {
    cwd: root,
    env: { ...process.env, ...env, TMPDIR: temporary },
    stopSignal: "SIGINT",
    graceMs: GRACE_MS,
  });

  const counted = readReport(report);
  const { cpuMs, ...result } = counted ?? { ...noResult(), cpuMs: 0 };
  const problems = [];
  if (counted === undefined) problems.push(`${job.name} ended before its tests did (exit code ${code})`);
  else if (counted.passed + counted.failed.length + counted.skipped.length + counted.notApplicable.length === 0) {
    problems.push(`${job.name} ran no test`);
  } else if (counted.failed.length === 0 && code !== 0) problems.push(`exit code ${code} though no test failed`);
  for (const { pid, command } of await awaitLeftovers(temporary)) problems.push(`left running: ${command} (${pid})`);
  result.failed.push(...problems);
  clear();
  const lines = problems.map((problem) => `  ${problem}\n`);
  return { result, output: output.trimEnd() + (lines.length > 0 ? `\n${lines.join("")}`.trimEnd() : ""), cpuMs };
}

/**
 * Lets all jobs share what tsx compiled, which it keeps in the temporary folder (4.x: no option names another place).
 * @param {string} temporary
 */
function shareCompiled(temporary) {
  const shared = join(made, "compiled", "tsx");
  mkdirSync(shared, { recursive: true });
  symlinkSync(shared, join(temporary, `tsx-${process.geteuid?.() ?? userInfo().username}`), "junction");
}

/**
 * @param {string} file
 * @returns {import("./steps.mjs").Result & { cpuMs: number } | undefined} nothing if mocha did not reach its end
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
