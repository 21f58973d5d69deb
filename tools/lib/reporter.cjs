// A quiet mocha reporter: a line a group of tests, a line a slow test, every failure in full at the end. What it
// counted goes into the file named by the reporter option `result`, for tools/test.mjs to add up.
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { Base } = require("mocha").reporters;

/** A test that took longer has a line of its own, in ms. */
const SLOW_MS = 2_000;
/** How often a test that goes on is shown to be alive: on a terminal, and elsewhere, in ms. */
const ALIVE_MS = process.stdout.isTTY === true ? 1_000 : 30_000;
/** How long the process may go on after its last test, in ms. */
const LINGER_MS = 10_000;

const terminal = process.stdout.isTTY === true;

/** How tests/support/notApplicable.ts marks a test. */
const NOT_APPLICABLE = /\(not applicable: .*\)$/s;
/** What Linux counts processor time in, in ms. */
const TICK_MS = 10;

/** The processor time of this process and of those of its children that have ended; 0 where Linux does not tell. */
function cpuMs() {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0);
  } catch {
    return 0;
  }
}

/** How much of a failure is repeated at the end of a run, in lines. */
const ACCOUNT_LINES = 25;

/**
 * A failing test's title, and what was wrong, for the list at the end of a run.
 * @param {import("mocha").Test} test
 */
function account(test) {
  const {
    message = "",
    actual,
    expected,
  } = /** @type {{ message?: string, actual?: unknown, expected?: unknown }} */ (test.err ?? {});
  const isShown = typeof actual === "string" && typeof expected === "string";
  const lines = `${message}${isShown ? Base.generateDiff(actual, expected) : ""}`.split("\n");
  return [test.fullTitle(), ...lines.slice(0, ACCOUNT_LINES)].join("\n    ");
}

module.exports = class Quiet extends Base {
  /**
   * @param {import("mocha").Runner} runner
   * @param {import("mocha").MochaOptions & { reporterOptions?: { result?: string } }} options
   */
  constructor(runner, options) {
    super(runner, options);
    const { stats, failures } = this;
    /** @type {{ title: string, started: number, passed: number, opened: boolean, failed: number } | undefined} */
    let group;
    const skipped = /** @type {string[]} */ ([]);
    const notApplicable = /** @type {string[]} */ ([]);

    const say = (/** @type {string} */ line) => process.stdout.write(`${terminal ? "\r\x1b[K" : ""}${line}\n`);
    const live = (/** @type {string} */ line) => {
      if (terminal) process.stdout.write(`\r\x1b[K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`);
    };
    const seconds = (/** @type {number} */ ms) => `${(ms / 1000).toFixed(1)} s`;
    const mark = (/** @type {boolean} */ good) =>
      good ? Base.color("bright pass", Base.symbols.ok) : Base.color("fail", Base.symbols.err);
    const nameIn = (/** @type {import("mocha").Runnable} */ test) =>
      test
        .titlePath()
        .slice(group ? 1 : 0)
        .join(" › ");

    /** Prints a line about one test, under its group's title. */
    const single = (/** @type {boolean} */ good, /** @type {import("mocha").Runnable} */ test) => {
      if (group && !group.opened) {
        group.opened = true;
        say(`  ${group.title}`);
      }
      say(`    ${mark(good)} ${nameIn(test)} (${seconds(test.duration ?? 0)})`);
    };

    runner.on("suite", (suite) => {
      if (suite.parent?.root) group = { title: suite.title, started: Date.now(), passed: 0, failed: 0, opened: false };
    });
    /** @type {{ title: string, started: number } | undefined} */
    let current;
    runner.on("test", (test) => {
      current = { title: test.fullTitle(), started: Date.now() };
      live(`    … ${current.title}`);
    });
    runner.on("test end", () => {
      current = undefined;
    });
    setInterval(() => {
      if (current === undefined) return;
      const line = `    … ${current.title} (${seconds(Date.now() - current.started)})`;
      if (terminal) live(line);
      else say(line);
    }, ALIVE_MS).unref();
    runner.on("pass", (test) => {
      if (group) group.passed++;
      if ((test.duration ?? 0) >= SLOW_MS) single(true, test);
    });
    runner.on("fail", (test) => {
      if (group) group.failed++;
      single(false, test);
    });
    runner.on("pending", (test) => (NOT_APPLICABLE.test(test.title) ? notApplicable : skipped).push(test.fullTitle()));
    runner.on("suite end", (suite) => {
      if (!suite.parent?.root || !group) return;
      const { title, passed, failed, started, opened } = group;
      const tests = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : [])].join(", ");
      const took = seconds(Date.now() - started);
      say(opened ? `    ${tests} (${took})` : `  ${mark(failed === 0)} ${title}: ${tests} (${took})`);
      group = undefined;
    });
    runner.on("end", () => {
      live("");
      if (failures.length > 0) Base.list(failures);
      for (const title of skipped) say(`  - skipped: ${title}`);
      const failed = failures.map(account);
      // Mocha leaves out what comes after a hook that fails, and counts it nowhere.
      const ran = stats.passes + stats.pending + failures.filter(({ type }) => type === "test").length;
      if (ran < runner.total) {
        say(`  - did not run, because a hook failed: ${runner.total - ran} tests`);
        failed.push(`${runner.total - ran} tests did not run, because a hook failed`);
      }
      const count = () => {
        const result = options.reporterOptions?.result;
        if (result !== undefined)
          writeFileSync(
            result,
            JSON.stringify({ passed: stats.passes, failed, skipped, notApplicable, cpuMs: cpuMs() }),
          );
      };
      count();
      setTimeout(() => {
        const open = process.getActiveResourcesInfo().join(", ");
        say(`  The process does not end by itself: ${open} still open`);
        failed.push(`does not end by itself: ${open} still open`);
        count();
        process.exit();
      }, LINGER_MS).unref();
    });
  }
};
