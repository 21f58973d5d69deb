// What `npm test` runs: static checks, and the suites, which are the folders of tests/ that hold *.test.ts files.
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { Failure } from "./failure.mjs";
import { CONSUL } from "./consul.mjs";
import { toolNames } from "./go.mjs";
import { LANGUAGES_TEST } from "./languages.mjs";
import { root } from "./paths.mjs";
import { run } from "./processes.mjs";

/**
 * @typedef {{ passed: number, failed: string[], skipped: string[], notApplicable: string[] }} Result what failed
 *   and why, the titles of what this machine could not run, and of what a store or system does not have
 * @typedef {{ name: string, run: () => Promise<Result & { output?: string }> }} Check `output` explains a failure
 * @typedef {{ name: string, tools: readonly string[], files: readonly string[] }} Suite `tools` are the programs that
 *   it needs in `.tools/bin`; `files` are relative to the repository, with slashes
 */

/** How much of a check's output is repeated at the end of a run, in lines. */
const OUTPUT_LINES = 25;

/** Scripts in node_modules, with their arguments. */
const CHECKS = {
  format: [["@biomejs/biome/bin/biome", "format", "--reporter=summary"]],
  lint: [["eslint/bin/eslint.js", ".", "--max-warnings", "0"]],
  types: [
    ["typescript/bin/tsc", "-p", "tests", "--noEmit"],
    ["typescript/bin/tsc", "-p", "tools"],
  ],
};

/** Each version of Consul that tests run. */
const CONSULS = toolNames().filter((name) => name.startsWith("consul-"));

/** The programs that each suite runs. A suite that is not named here gets all of them. */
const TOOLS = /** @type {Record<string, readonly string[]>} */ ({
  unit: [CONSUL],
  package: [],
  encryption: ["age"],
  contract: ["versitygw", "fake-gcs-server"],
  agent: [CONSUL, "consul-lock", "versitygw", "fake-gcs-server"],
  archive: [...CONSULS, "versitygw", "fake-gcs-server"],
  consul: [...CONSULS, "versitygw", "fake-gcs-server", "age"],
  docs: [CONSUL, "promtool", "nomad-jobspec", "pulumi", "pulumi-language-nodejs", "versitygw"],
  engine: [
    ...CONSULS,
    "pulumi",
    "pulumi-language-nodejs",
    "pulumi-language-yaml",
    "versitygw",
    "fake-gcs-server",
    "age",
  ],
});

/** @returns {Result} */
export function noResult() {
  return { passed: 0, failed: [], skipped: [], notApplicable: [] };
}

/**
 * The static checks. Each counts as one test.
 * @returns {Check[]}
 */
function listChecks() {
  return Object.entries(CHECKS).map(([name, commands]) => ({
    name,
    async run() {
      for (const [script = "", ...args] of commands) {
        const { code, output } = await run(process.execPath, [join(root, "node_modules", script), ...args], {
          cwd: root,
        });
        if (code !== 0)
          return {
            ...noResult(),
            failed: [[name, ...output.trimEnd().split("\n").slice(-OUTPUT_LINES)].join("\n    ")],
            output,
          };
      }
      return { ...noResult(), passed: 1 };
    },
  }));
}

/**
 * @param {boolean} full
 * @returns {Suite[]}
 */
function listSuites(full) {
  const suites = /** @type {Map<string, string[]>} */ (new Map());
  for (const path of readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" }).sort()) {
    const parts = path.split(/[\\/]/);
    const file = `tests/${parts.join("/")}`;
    if (!path.endsWith(".test.ts") || parts[0] === undefined || (file === LANGUAGES_TEST && !full)) continue;
    suites.set(parts[0], [...(suites.get(parts[0]) ?? []), file]);
  }
  return [...suites].map(([name, files]) => ({ name, files, tools: TOOLS[name] ?? toolNames() }));
}

/**
 * The steps that are named on the command line; all of them if none is.
 * @param {readonly string[]} names of checks and suites, and paths of test files or of folders that hold some
 * @param {boolean} full whether files that run only with `--full` count
 * @returns {{ checks: Check[], suites: Suite[] }}
 */
export function chooseSteps(names, full) {
  const [checks, suites] = [listChecks(), listSuites(full)];
  if (names.length === 0) return { checks, suites };
  const paths = names.filter((name) => existsSync(join(root, name)) && /[\\/]/.test(name)).map(toTestPath);
  const chosen = {
    checks: checks.filter(({ name }) => names.includes(name)),
    suites: suites
      .map((suite) => ({
        ...suite,
        files: suite.files.filter(
          (file) => names.includes(suite.name) || paths.some((path) => file === path || file.startsWith(`${path}/`)),
        ),
      }))
      .filter(({ files }) => files.length > 0),
  };
  const known = [...checks, ...suites].map(({ name }) => name);
  const found = (/** @type {string} */ path) =>
    chosen.suites.some(({ files }) => files.some((file) => file.startsWith(path)));
  const unknown = names.filter((name) => !known.includes(name) && !found(toTestPath(name)));
  if (unknown.length > 0) {
    throw new Failure(
      `There is no step or test file named "${unknown.join('", "')}".`,
      `The steps are: ${known.join(", ")}. A file is named by its path, such as tests/consul/save/save.test.ts. ${LANGUAGES_TEST} runs only with --full.`,
    );
  }
  return chosen;
}

/** @param {string} name */
function toTestPath(name) {
  return relative(root, join(root, name)).replaceAll("\\", "/").replace(/\/$/, "");
}
