// Builds the programs that tests and the demo run from pinned Go modules: a folder under tools/ with a go.mod, whose
// `tool` directive names the package, and a go.sum.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { bin, root, toolPath } from "./paths.mjs";
import { atExit, run } from "./processes.mjs";
import { linkDynamicProvider } from "./pulumi.mjs";
import { begin } from "./say.mjs";
import { clearStamp, hashOf, readStamp, writeStamp } from "./stamp.mjs";

const modules = join(root, "tools");

/** Programs that learn their version from the linker, and where they keep it; the others know it by themselves. */
const VERSION_VARIABLES = /** @type {Record<string, string>} */ ({
  "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi": "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
  "github.com/versity/versitygw/cmd/versitygw": "main.Version",
});

/** Tags that leave out what no test needs and what takes long to build: here the clients of two dozen clouds. */
const TAGS = /** @type {Record<string, string>} */ ({
  "github.com/prometheus/prometheus/cmd/promtool": "remove_all_sd",
});

/** @typedef {{ name: string, folder: string, package: string, version: string, go: string }} GoTool */

/** The names of all tools. */
export function toolNames() {
  return readdirSync(modules)
    .filter((name) => existsSync(join(modules, name, "go.mod")))
    .sort();
}

/**
 * @param {string} name
 * @returns {GoTool}
 */
export function readTool(name) {
  const folder = join(modules, name);
  if (!existsSync(join(folder, "go.mod"))) {
    throw new Failure(`There is no tool named "${name}".`, `The tools are: ${toolNames().join(", ")}.`);
  }
  const text = readFileSync(join(folder, "go.mod"), "utf8");
  const go = /^go (\S+)/m.exec(text)?.[1];
  const main = /^tool (\S+)/m.exec(text)?.[1];
  // The module that holds the package is the required one with the longest path that begins it. A program of our own, which
  // lies beside its go.mod, is of the version of the module that it imports itself: of several, the one with the longest path.
  const holder = [...text.matchAll(/^(?:require)?\s+(\S+) (v\S+)(?: \/\/ (indirect))?$/gm)]
    .filter(([, path = "", , indirect]) =>
      main === undefined ? indirect === undefined : main === path || main.startsWith(`${path}/`),
    )
    .sort(([, a], [, b]) => (b ?? "").length - (a ?? "").length)[0];
  if (go === undefined || holder?.[2] === undefined) {
    throw new Failure(`tools/${name}/go.mod has no \`go\` directive, no \`tool\` directive or no requirement for it.`);
  }
  return { name, folder, package: main ?? ".", version: holder[2], go };
}

/** @param {GoTool} tool */
function buildFlags(tool) {
  const variable = VERSION_VARIABLES[tool.package];
  const ldflags = ["-s", "-w", ...(variable === undefined ? [] : [`-X ${variable}=${tool.version}`])];
  const tags = TAGS[tool.package];
  return [
    ...["-mod=readonly", "-buildvcs=false", "-trimpath", `-ldflags=${ldflags.join(" ")}`],
    ...(tags === undefined ? [] : [`-tags=${tags}`]),
  ];
}

/** @param {GoTool} tool */
function madeFrom(tool) {
  return hashOf([
    readFileSync(join(tool.folder, "go.mod")),
    readFileSync(join(tool.folder, "go.sum")),
    ...(tool.package === "." ? [readFileSync(join(tool.folder, "main.go"))] : []),
    buildFlags(tool).join(" "),
    `${process.platform} ${process.arch}`,
  ]);
}

/**
 * Builds the named tools into `.tools/bin`, save those that are there already: without a word if all are.
 * @param {readonly string[]} names
 * @returns {Promise<GoTool[]>} those that were there
 */
export async function buildTools(names) {
  const tools = names.map(readTool);
  const stale = tools.filter((tool) => !existsSync(toolPath(tool.name)) || readStamp(tool.name) !== madeFrom(tool));
  const current = tools.filter((tool) => !stale.includes(tool));
  if (stale.length > 0) {
    const go = await findGo(stale);
    for (const tool of stale) requireGo(go, tool);
    for (const tool of stale) await build(tool);
  }
  if (names.includes("pulumi")) linkDynamicProvider();
  return current;
}

/**
 * The folder of the module that holds a tool's package, with all of its files.
 * @param {string} name
 */
export async function findModule(name) {
  const { folder, package: main } = readTool(name);
  const listed = await run("go", ["list", "-mod=readonly", "-f", "{{.Module.Dir}}", main], { cwd: folder });
  if (listed.code !== 0) throw new Failure(`\`go list ${main}\` failed: ${listed.output.trim()}`);
  return listed.stdout.trim();
}

/**
 * @param {readonly GoTool[]} tools what it is needed for
 * @returns {Promise<{ version: string, fetchesNewer: boolean }>}
 */
async function findGo(tools) {
  let found;
  try {
    // Away from any go.mod, which could ask for another version.
    found = await run("go", ["env", "GOVERSION", "GOTOOLCHAIN"], { cwd: tmpdir() });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
    const newest = tools.map((tool) => tool.go).reduce((a, b) => (isOlder(a, b) ? b : a));
    throw new Failure(
      `Go is needed to build ${tools.map((tool) => tool.name).join(", ")}, and \`go\` is not on PATH.`,
      `Install Go ${newest} or newer (https://go.dev/dl, or your package manager), then run this again.`,
    );
  }
  if (found.code !== 0) throw new Failure(`\`go env\` failed: ${found.output.trim()}`);
  const [version = "", toolchain = ""] = found.stdout.split("\n");
  return { version, fetchesNewer: /^(auto|.*\+auto)$/.test(toolchain) };
}

/**
 * @param {{ version: string, fetchesNewer: boolean }} go
 * @param {GoTool} tool
 */
function requireGo(go, tool) {
  if (go.fetchesNewer || !isOlder(go.version, tool.go)) return;
  throw new Failure(
    `${tool.name} needs Go ${tool.go} or newer, and this is ${go.version === "" ? "an older one" : go.version}.`,
    "Install a newer Go, or let it fetch one by itself with GOTOOLCHAIN=auto (Go 1.21 and newer), then run this again.",
  );
}

/**
 * @param {string} have such as `go1.26.8` or `1.26.8`
 * @param {string} need such as `1.25.11`
 */
function isOlder(have, need) {
  const numbers = (/** @type {string} */ text) =>
    (/(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? []).slice(1).map((part) => Number(part ?? 0));
  const [a, b] = [numbers(have), numbers(need)];
  const at = b.findIndex((part, index) => part !== (a[index] ?? 0));
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

/** @param {GoTool} tool */
async function build(tool) {
  const activity = begin(`Building ${tool.name} ${tool.version}`);
  const target = toolPath(tool.name);
  // Built beside its place and renamed: a process that runs the old one keeps it, and nobody sees half a program.
  const fresh = join(bin, `.${tool.name}.${process.pid}`);
  mkdirSync(bin, { recursive: true });
  const discard = atExit(() => rmSync(fresh, { force: true }));
  let compiled = 0;
  const built = await run("go", ["build", "-v", ...buildFlags(tool), "-o", fresh, tool.package], {
    cwd: tool.folder,
    env: { ...process.env, GOFLAGS: "-mod=readonly", GOWORK: "off" },
    onLine(line) {
      if (line.startsWith("go: downloading ")) activity.doing(line.slice(4));
      else if (isPackage(line)) activity.doing(`compiled ${++compiled} packages, ${line}`);
    },
  });
  if (built.code !== 0) {
    activity.drop();
    discard();
    const lines = built.output.split("\n").filter((line) => !isPackage(line) && !line.startsWith("go: downloading "));
    throw new Failure(
      `Building ${tool.name} failed:\n${lines.slice(-40).join("\n").trimEnd()}`,
      "If modules could not be fetched: is Go's module proxy reachable from here (`go env GOPROXY`)?",
    );
  }
  clearStamp(tool.name);
  renameSync(fresh, target);
  writeStamp(tool.name, madeFrom(tool));
  activity.done(`Built ${tool.name} ${tool.version}`);
}

/**
 * Whether a line of `go build -v` only names a package that was compiled.
 * @param {string} line
 */
function isPackage(line) {
  return /^[\w.~-]+(\/[\w.~-]+)*$/.test(line);
}
