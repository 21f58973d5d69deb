// npm test [-- step …]: installs, builds, then runs the named steps or all. The last line is the true count.
import { compile } from "./lib/compile.mjs";
import { Failure } from "./lib/failure.mjs";
import { buildTools } from "./lib/go.mjs";
import { install } from "./lib/install.mjs";
import { main, temporaryFolder } from "./lib/processes.mjs";
import { begin, say, seconds, style } from "./lib/say.mjs";
import { listChecks, listSuites } from "./lib/steps.mjs";

/** @typedef {import("./lib/steps.mjs").Step} Step */
/** @typedef {import("./lib/steps.mjs").Result} Result */

await main(async () => {
  const [checks, suites] = choose(process.argv.slice(2));
  say(`Steps: ${[...checks, ...suites].map((step) => step.name).join(", ")}`);
  const temporary = temporaryFolder("pcs-");

  const prepared = await counted("build", async () => {
    await install();
    await compile();
    return { passed: 0, failed: [], skipped: [] };
  });
  if (prepared.failed.length > 0) return summarise([["build", prepared]]);

  const results = /** @type {[string, Result][]} */ ([]);
  if (checks.length > 0) results.push(...(await runChecks(checks, temporary)));
  for (const suite of suites) results.push([suite.name, await runSuite(suite, temporary)]);
  return summarise(results);
});

/**
 * @param {readonly string[]} names
 * @returns {[Step[], Step[]]} checks and suites
 */
function choose(names) {
  const [checks, suites] = [listChecks(), listSuites()];
  const known = [...checks, ...suites].map((step) => step.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Failure(`There is no step named "${unknown.join('", "')}".`, `The steps are: ${known.join(", ")}.`);
  }
  const chosen = (/** @type {Step} */ step) => names.length === 0 || names.includes(step.name);
  return [checks.filter(chosen), suites.filter(chosen)];
}

/**
 * The checks are short and need one core each: they run beside each other, and show what they print only if they fail.
 * @param {readonly Step[]} checks
 * @param {string} temporary
 */
async function runChecks(checks, temporary) {
  const activity = begin(`Checking ${checks.map((check) => check.name).join(", ")}`);
  const results = await Promise.all(
    checks.map(async (check) => {
      const started = performance.now();
      const result = await counted(check.name, () => check.run(temporary));
      if (result.output !== undefined) say(result.output.trimEnd());
      sayResult(check.name, result, started);
      return /** @type {[string, Result]} */ ([check.name, result]);
    }),
  );
  activity.drop();
  return results;
}

/**
 * @param {Step} suite
 * @param {string} temporary
 */
async function runSuite(suite, temporary) {
  say(`\n${style("bold", suite.name)}`);
  const started = performance.now();
  const result = await counted(suite.name, async () => {
    await buildTools(suite.tools);
    return suite.run(temporary);
  });
  sayResult(suite.name, result, started);
  return result;
}

/**
 * Counts what could not even begin as one failure.
 * @param {string} name
 * @param {() => Promise<Result>} step
 * @returns {Promise<Result>}
 */
async function counted(name, step) {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    if (error.hint !== undefined) say(`  ${error.hint}`);
    return { passed: 0, failed: [`could not begin: ${error.message.split(/:?\n/)[0]}`], skipped: [] };
  }
}

/**
 * @param {string} name
 * @param {Result} result
 * @param {number} started by `performance.now()`
 */
function sayResult(name, result, started) {
  const mark = result.failed.length === 0 ? style("green", "✓") : style("red", "✗");
  say(`${mark} ${name}: ${describe(result)} (${seconds(performance.now() - started)})`);
}

/** @param {{ passed: number, failed: readonly string[], skipped: readonly string[] }} result */
function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}

/**
 * @param {readonly [string, Result][]} results
 * @returns {number} the exit code
 */
function summarise(results) {
  say();
  for (const [name, { failed, skipped }] of results) {
    for (const title of skipped) say(`skipped  ${name}: ${title}`);
    for (const title of failed) say(`${style("red", "failed")}  ${name}: ${title}`);
  }
  const all = results.map(([, result]) => result);
  const total = {
    passed: all.reduce((sum, result) => sum + result.passed, 0),
    failed: all.flatMap((result) => result.failed),
    skipped: all.flatMap((result) => result.skipped),
  };
  say(describe(total));
  return total.failed.length === 0 && total.passed > 0 ? 0 : 1;
}
