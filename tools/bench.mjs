// npm run bench [-- name …]: runs bench/<name>.bench.ts, one after another, and writes docs/explanation/benchmarks.md. Naming some
// renews their sections and leaves the others as they were: each section says when and on what it was measured.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { arch, availableParallelism, cpus, release, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import { compile } from "./lib/compile.mjs";
import { Failure } from "./lib/failure.mjs";
import { buildTools, readTool, toolNames } from "./lib/go.mjs";
import { install } from "./lib/install.mjs";
import { killLeftovers } from "./lib/leftovers.mjs";
import { root } from "./lib/paths.mjs";
import { atExit, main, run, temporaryFolder } from "./lib/processes.mjs";
import { begin, say, style } from "./lib/say.mjs";

const PAGE = join(root, "docs", "explanation", "benchmarks.md");
const SUFFIX = ".bench.ts";

const HEADER = `# Benchmarks

Written by \`npm run bench\`; \`npm run bench -- <name>\` renews one section. What is compared ran in turn, in one run, on
one machine: compare ratios, because times depend on the machine.
`;

await main(async () => {
  const known = readdirSync(join(root, "bench"))
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
  const named = process.argv.slice(2);
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Failure(`There is no benchmark named "${unknown}".`, `The benchmarks are: ${known.join(", ")}.`);
  }
  await install();
  await compile();
  await buildTools(toolNames());

  const temporary = temporaryFolder("pcs-");
  atExit(() => killLeftovers(temporary));
  const failed = [];
  for (const name of named.length > 0 ? named : known) {
    const section = await measure(name, join(temporary, `${name}.md`));
    if (section === undefined) failed.push(name);
    else writePage(known, name, section);
  }
  if (failed.length > 0)
    throw new Failure(`Failed: ${failed.join(", ")}. docs/explanation/benchmarks.md keeps what it had of them.`);
});

/**
 * Runs one benchmark in a process of its own.
 * @param {string} name
 * @param {string} result where it writes its section
 * @returns {Promise<string | undefined>} its section, or nothing if it failed
 */
async function measure(name, result) {
  const activity = begin(`Measuring ${name}`);
  const file = join(root, "bench", name + SUFFIX);
  const runner = join(root, "tools", "lib", "measure.cjs");
  const { code, output } = await run(process.execPath, ["--import", "tsx", runner, file, result], {
    cwd: root,
    env: { ...process.env, TMPDIR: dirname(result) },
    onLine: (line) => activity.doing(line),
  });
  if (code === 0 && existsSync(result)) {
    const section = readFileSync(result, "utf8");
    activity.done(`Measured ${name}`);
    say(section);
    return section;
  }
  activity.drop();
  say(`${style("red", "✗")} ${name} ended with code ${code}\n${output.trimEnd()}`);
  return undefined;
}

/**
 * Puts a section into the page, in its place.
 * @param {readonly string[]} known
 * @param {string} name
 * @param {string} section
 */
function writePage(known, name, section) {
  const sections = readSections();
  const [heading, ...rest] = section.split("\n");
  sections.set(name, [heading, "", `*${facts(name)}*`, ...rest].join("\n").trim());
  const kept = known.filter((other) => sections.has(other));
  const page = [HEADER, ...kept.map((other) => `${marker(other)}\n${sections.get(other)}\n`)].join("\n");
  mkdirSync(dirname(PAGE), { recursive: true });
  writeFileSync(PAGE, page);
}

/** @returns {Map<string, string>} the sections of the page, by the name of their benchmark */
function readSections() {
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  const parts = page.split(/^<!-- bench: (\S+) -->\n/m).slice(1);
  const sections = new Map();
  for (let at = 0; at + 1 < parts.length; at += 2) sections.set(parts[at], parts[at + 1]?.trim());
  return sections;
}

/** @param {string} name */
function marker(name) {
  return `<!-- bench: ${name} -->`;
}

/** @param {string} name */
function facts(name) {
  const memory = Math.round(totalmem() / 2 ** 30);
  const tools = toolNames()
    .map(readTool)
    .map((tool) => `${tool.name} ${tool.version}`);
  return [
    `Measured ${new Date().toISOString().slice(0, 10)} by \`npm run bench -- ${name}\``,
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${memory} GiB`,
    `${type()} ${release().split("-")[0]} ${arch()}`,
    `Node ${process.versions.node}`,
    `${tools.join(", ")}.`,
  ].join("; ");
}
