// In which order, and beside which others, test files run.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { made } from "./paths.mjs";

/** @typedef {{ name: string, suite: string, files: readonly string[] }} Job what one process of mocha runs */

/** Suites of short tests: all of their files run in one process. */
const ONE_PROCESS = ["unit", "encryption"];

/** Files that run last, while nothing but each other does, and why. */
const ALONE = /** @type {Record<string, string>} */ ({
  "tests/contract/memory.test.ts": "measures memory, which a garbage collector that gets no processor lets grow",
  "tests/agent/memory.test.ts": "measures memory",
  "tests/archive/memory.test.ts": "measures memory",
  "tests/consul/restore/memory.test.ts": "measures memory",
  "tests/engine/memory.test.ts": "measures memory",
});

const REMEMBERED = join(made, "durations.json");
/** Taken for a file that has never run here, in ms: it begins early, since it may be a long one. */
const UNKNOWN_MS = 120_000;

/**
 * Sorts test files into jobs: those that run beside each other, the longest first, and those that run alone after them.
 * Where nothing is known of their lengths, files of different suites run beside each other: some wait while others compute.
 * @param {readonly import("./steps.mjs").Suite[]} suites
 * @returns {{ beside: Job[], alone: Job[] }}
 */
export function schedule(suites) {
  const jobs = suites
    .flatMap(({ name: suite, files }) => {
      if (ONE_PROCESS.includes(suite)) return [{ job: { name: suite, suite, files }, place: 0 }];
      return files.map((file, at) => {
        const name = file.replace(/^tests\//, "").replace(/\.test\.ts$/, "");
        return { job: { name, suite, files: [file] }, place: at / files.length };
      });
    })
    .sort((a, b) => a.place - b.place)
    .map(({ job }) => job);
  const durations = readDurations();
  const expected = (/** @type {Job} */ { name }) => durations[name] ?? UNKNOWN_MS;
  const byLength = jobs.sort((a, b) => expected(b) - expected(a));
  const isAlone = (/** @type {Job} */ { files }) => files.some((file) => file in ALONE);
  return { beside: byLength.filter((job) => !isAlone(job)), alone: byLength.filter(isAlone) };
}

/**
 * Remembers how long a job took, for the order of later runs.
 * @param {Job} job
 * @param {number} milliseconds
 */
export function rememberDuration(job, milliseconds) {
  mkdirSync(made, { recursive: true });
  writeFileSync(REMEMBERED, JSON.stringify({ ...readDurations(), [job.name]: Math.round(milliseconds) }, undefined, 1));
}

/** @returns {Record<string, number>} */
function readDurations() {
  try {
    return JSON.parse(readFileSync(REMEMBERED, "utf8"));
  } catch {
    return {};
  }
}
