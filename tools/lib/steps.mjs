// The steps of `npm test`: static checks, then every folder of tests/ that holds *.test.ts files.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { toolNames } from "./go.mjs";
import { root } from "./paths.mjs";
import { run } from "./processes.mjs";
import { runSuite } from "./suite.mjs";

/**
 * @typedef {{ passed: number, failed: string[], skipped: string[], output?: string }} Result the names of what failed
 *   and of what was skipped; `output` is what is still to be shown of it
 * @typedef {{ name: string, tools: readonly string[], run: (temporary: string) => Promise<Result> }} Step `tools` are
 *   the programs that it needs in `.tools/bin`; `temporary` is a folder of this run
 */

/** Scripts in node_modules, with their arguments. */
const CHECKS = {
  format: [["@biomejs/biome/bin/biome", "format", "--reporter=summary"]],
  lint: [["eslint/bin/eslint.js", ".", "--max-warnings", "0"]],
  types: [
    ["typescript/bin/tsc", "-p", "tests", "--noEmit"],
    ["typescript/bin/tsc", "-p", "tools"],
  ],
};

/** The tools that each suite needs; the order is that of their cost. A suite that is not named here comes last. */
const SUITES = /** @type {Record<string, readonly string[]>} */ ({
  unit: ["consul"],
  package: [],
  encryption: ["age"],
  contract: ["versitygw", "fake-gcs-server"],
  archive: ["consul", "consul-1.12", "versitygw", "fake-gcs-server"],
  consul: ["consul", "consul-1.12", "age"],
  docs: ["consul", "pulumi", "pulumi-language-nodejs"],
  engine: ["consul", "consul-1.12", "pulumi", "pulumi-language-nodejs", "versitygw", "fake-gcs-server", "age"],
});

/**
 * The static checks: each counts as one test, and they can run beside each other.
 * @returns {Step[]}
 */
export function listChecks() {
  return Object.entries(CHECKS).map(([name, commands]) => ({
    name,
    tools: [],
    async run() {
      for (const [script = "", ...args] of commands) {
        const { code, output } = await run(process.execPath, [join(root, "node_modules", script), ...args], {
          cwd: root,
        });
        if (code !== 0) return { passed: 0, failed: [name], skipped: [], output };
      }
      return { passed: 1, failed: [], skipped: [] };
    },
  }));
}

/**
 * The suites that there are.
 * @returns {Step[]}
 */
export function listSuites() {
  const tests = readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" });
  const there = new Set(tests.filter((path) => path.endsWith(".test.ts")).map((path) => path.split(/[\\/]/)[0] ?? ""));
  const known = Object.keys(SUITES).filter((name) => there.delete(name));
  return [...known, ...[...there].sort()].map((name) => ({
    name,
    tools: SUITES[name] ?? toolNames(),
    run: (temporary) => runSuite(name, temporary),
  }));
}
