// npm test [-- --full] [-- step or file …]: installs, builds, then runs what is named, or everything. The last line is
// the true count.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { BROWSER_TEST, installBrowser } from "./lib/browser.mjs";
import { compile } from "./lib/compile.mjs";
import { Failure } from "./lib/failure.mjs";
import { buildTools } from "./lib/go.mjs";
import { install } from "./lib/install.mjs";
import { LANGUAGES_TEST, prepareLanguages } from "./lib/languages.mjs";
import { runMocha } from "./lib/mochaRun.mjs";
import { main, temporaryFolder } from "./lib/processes.mjs";
import { begin, say, seconds, style } from "./lib/say.mjs";
import { installNodeVersions, NODE_VERSIONS_TEST } from "./lib/nodeVersions.mjs";
import { rememberDuration, schedule } from "./lib/schedule.mjs";
import { chooseSteps, noResult } from "./lib/steps.mjs";

/** @typedef {import("./lib/steps.mjs").Check} Check */
/** @typedef {import("./lib/steps.mjs").Suite} Suite */
/** @typedef {import("./lib/steps.mjs").Result} Result */
/** @typedef {import("./lib/schedule.mjs").Job} Job */
/**
 * @typedef {{
 *   name: string, suite: string,
 *   run: (started: number, slot: number, slots: number) => Promise<{ result: Result, took: string, output: string }>,
 * }} Work a check or a job
 */

/** Tests wait longer than they compute: three processes for each processor, within reason. */
const PROCESSES = Number(process.env.TEST_PROCESSES ?? Math.min(8, 3 * availableParallelism()));
/** How many processes measure memory beside each other, when nothing else runs. */
const MEASURING = Math.min(2, availableParallelism());

await main(async () => {
  const args = process.argv.slice(2);
  const full = args.includes("--full");
  const { checks, suites } = chooseSteps(
    args.filter((arg) => arg !== "--full"),
    full,
  );
  const names = [...checks, ...suites].map(({ name }) => name);
  say(`Steps${full ? ", at full count" : ""}: ${names.join(", ")}`);
  const started = performance.now();
  const temporary = temporaryFolder("pcs-");
  const results = /** @type {[string, Result][]} */ ([]);

  const prepared = await orFailure(async () => {
    await install();
    await compile();
  });
  if (prepared !== undefined) return summarise([["build", prepared]]);

  const ready = [];
  for (const suite of suites) {
    const failure = await orFailure(async () => {
      await buildTools(suite.tools);
      if (suite.files.includes(NODE_VERSIONS_TEST)) await installNodeVersions();
      if (suite.files.includes(BROWSER_TEST)) await installBrowser();
      if (suite.files.includes(LANGUAGES_TEST)) await prepareLanguages();
    });
    if (failure === undefined) ready.push(suite);
    else results.push([suite.name, failure]);
  }
  results.push(...(await runAll(checks, ready, temporary, full)));
  say(`\nTook ${seconds(performance.now() - started)}.`);
  return summarise(results);
});

/**
 * Runs the checks and then test files in several processes, and after them the files that must be alone. What a check or
 * file prints is shown when it ends: of a check only if it fails.
 * @param {readonly Check[]} checks
 * @param {readonly Suite[]} suites
 * @param {string} temporary
 * @param {boolean} full
 * @returns {Promise<[string, Result][]>}
 */
async function runAll(checks, suites, temporary, full) {
  const { beside, alone } = schedule(suites);
  const count = checks.length + beside.length + alone.length;
  if (count === 0) return [];
  const results = /** @type {[string, Result][]} */ ([]);
  const running = /** @type {Set<string>} */ (new Set());
  const activity = begin("Testing");
  const show = () => activity.doing(`${results.length} of ${count} done; running ${[...running].join(", ")}`);

  /** @type {(check: Check) => Work} */
  const checking = (check) => ({
    name: check.name,
    suite: check.name,
    async run(started) {
      const result = await check.run();
      return { result, took: seconds(performance.now() - started), output: result.output ?? "" };
    },
  });
  /** @type {(job: Job) => Work} */
  const testing = (job) => ({
    name: job.name,
    suite: job.suite,
    async run(started, slot, slots) {
      const folder = join(temporary, job.name.replaceAll("/", "-").slice(-24) + results.length + slot);
      const { result, output, cpuMs } = await runMocha(job, folder, {
        TEST_EFFORT: full ? "full" : "normal",
        TEST_SLOT: `${slot}/${slots}`,
      });
      const took = performance.now() - started;
      if (result.failed.length === 0) rememberDuration(job, took);
      return { result, took: seconds(took) + (cpuMs > 0 ? `, ${seconds(cpuMs)} of a processor` : ""), output };
    },
  });

  /**
   * @param {Work[]} queue
   * @param {number} slot numbers the processes that run beside each other
   * @param {number} slots
   */
  const work = async (queue, slot, slots) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      running.add(next.name);
      show();
      const { result, took, output } = await next.run(performance.now(), slot, slots);
      running.delete(next.name);
      results.push([next.suite, result]);
      say(`\n${sentence(style("bold", next.name), result, took)}`);
      if (output !== "") say(output.trimEnd());
      show();
    }
  };
  const queue = [...checks.map(checking), ...beside.map(testing)];
  await Promise.all(Array.from({ length: PROCESSES }, (_, slot) => work(queue, slot, PROCESSES)));
  const measuring = alone.map(testing);
  await Promise.all(Array.from({ length: MEASURING }, (_, slot) => work(measuring, slot, MEASURING)));
  activity.drop();
  return results;
}

/**
 * Makes a failure of what could not even begin, if it could not.
 * @param {() => Promise<void>} work
 * @returns {Promise<Result | undefined>}
 */
async function orFailure(work) {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    if (error.hint !== undefined) say(`  ${error.hint}`);
    return { ...noResult(), failed: [`could not begin: ${error.message.split(/:?\n/)[0]}`] };
  }
}

/**
 * @param {string} name
 * @param {Result} result
 * @param {string} took
 */
function sentence(name, result, took) {
  const mark = result.failed.length === 0 ? style("green", "✓") : style("red", "✗");
  return `${mark} ${name}: ${describe(result)} (${took})`;
}

/** @param {Result} result */
function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}

/**
 * Lists what did not pass, and counts. A skipped test is one that this machine cannot run: in CI that is a failure.
 * @param {readonly [string, Result][]} results
 * @returns {number} the exit code
 */
function summarise(results) {
  say();
  const list = (/** @type {string} */ word, /** @type {"failed" | "skipped" | "notApplicable"} */ kind) => {
    for (const [suite, result] of results) for (const title of result[kind]) say(`${word}  ${suite}: ${title}`);
  };
  list("not applicable", "notApplicable");
  list("skipped", "skipped");
  list(style("red", "failed"), "failed");
  const all = results.map(([, result]) => result);
  const total = {
    passed: all.reduce((sum, result) => sum + result.passed, 0),
    failed: all.flatMap((result) => result.failed),
    skipped: all.flatMap((result) => result.skipped),
    notApplicable: [],
  };
  const refused = process.env.CI === "true" && total.skipped.length > 0;
  if (refused) say("Skipped tests are failures in CI: install what they need, or say that they do not apply.");
  say(describe(total));
  return total.failed.length === 0 && total.passed > 0 && !refused ? 0 : 1;
}
