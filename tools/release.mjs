// npm run release [-- --only linux-x64 …] [-- --output FOLDER] [-- --no-test]: builds the plugin and the command as single
// executables for systems without Node.js, as archives with their SHA-256, and tests those for this machine. What it
// downloads stays in .tools.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "./lib/compile.mjs";
import { Failure } from "./lib/failure.mjs";
import { install } from "./lib/install.mjs";
import { root } from "./lib/paths.mjs";
import { main, run, temporaryFolder } from "./lib/processes.mjs";
import { begin, say } from "./lib/say.mjs";
import { sha256Of, writeArchive } from "./lib/release/archive.mjs";
import { bundleContents, PROGRAMS } from "./lib/release/bundles.mjs";
import { makeBlob, makeExecutable } from "./lib/release/executable.mjs";
import { nodeLicense, thirdPartyLicenses } from "./lib/release/licenses.mjs";
import { nodeBinary } from "./lib/release/nodeBinary.mjs";
import { structureProblem } from "./lib/release/structure.mjs";
import { extensionOf, hostTarget, NODE_VERSION, TARGETS } from "./lib/release/targets.mjs";

/** @typedef {import("./lib/release/targets.mjs").Target} Target */

await main(async () => {
  const { targets, output, test } = readArguments();
  await install();
  await compile();
  if (hostTarget === undefined) {
    throw new Failure(
      `A release cannot be built on ${process.platform}-${process.arch}.`,
      `It can be built on: ${listNames()}.`,
    );
  }
  const hostNode = await nodeBinary(hostTarget);
  const nodes = /** @type {Map<Target, string>} */ (new Map());
  for (const target of targets) nodes.set(target, await nodeBinary(target));
  mkdirSync(output, { recursive: true });

  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const licenseOfNode = nodeLicense([hostNode, ...nodes.values()]);
  if (licenseOfNode === undefined) throw new Failure("The packages of Node.js contain no license.");
  for (const program of /** @type {(keyof typeof PROGRAMS)[]} */ (Object.keys(PROGRAMS))) {
    const activity = begin(`Bundling ${program} (esbuild)`);
    const contents = await bundleContents(program);
    const work = temporaryFolder("pcs-release-");
    const blob = await makeBlob(contents, hostNode, work);
    const texts = [
      { name: "LICENSE", content: readFileSync(join(root, "LICENSE"), "utf8") },
      { name: "THIRD-PARTY-LICENSES", content: thirdPartyLicenses(contents.packages, licenseOfNode) },
    ];
    activity.done(`Bundled ${program}`);

    for (const [target, node] of nodes) {
      const archive = `${program}-v${version}-${target.os}-${target.arch}.tar.gz`;
      const building = begin(`Building ${archive} (postject)`);
      const name = `${program}${extensionOf(target)}`;
      const executable = join(work, name);
      await makeExecutable(node, blob, executable);
      const problem = structureProblem(readFileSync(executable), target, readFileSync(blob));
      if (problem !== undefined) throw new Failure(`${archive} cannot be released: ${problem}.`);
      await writeArchive(join(output, archive), [{ name, path: executable }, ...texts]);
      building.done(`Built ${archive}; the executable has ${Math.round(statSync(executable).size / 1e6)} MB`);
    }
  }
  // Archives of this version that an earlier run built for other systems belong to the release, too.
  const archives = readdirSync(output).filter((name) => name.includes(`-v${version}-`) && name.endsWith(".tar.gz"));
  const sums = await Promise.all(
    archives.sort().map(async (name) => `${await sha256Of(join(output, name))}  ${name}\n`),
  );
  writeFileSync(join(output, "SHA256SUMS"), sums.join(""));
  summarise(output, targets);
  return test && targets.includes(hostTarget) ? testExecutables(output) : 0;
});

/**
 * Runs the tests of the executables that this machine can run.
 * @param {string} output
 */
async function testExecutables(output) {
  say();
  const args = [join(root, "tools", "test.mjs"), "--full", "tests/engine/release.test.ts"];
  const env = { ...process.env, RELEASE_FOLDER: output };
  const { code } = await run(process.execPath, args, { env, stdio: ["ignore", "inherit", "inherit"] });
  return code;
}

/** @returns {{ targets: readonly Target[], output: string, test: boolean }} */
function readArguments() {
  const { only, output, "no-test": untested } = parseOptions();
  const targets = TARGETS.filter((target) => only === undefined || only.some((name) => isCalled(target, name)));
  const unknown = (only ?? []).filter((name) => !TARGETS.some((target) => isCalled(target, name)));
  if (unknown.length > 0) {
    throw new Failure(`There is no system named "${unknown.join('", "')}".`, `The systems are: ${listNames()}.`);
  }
  return { targets, output: resolve(output ?? join(root, "release")), test: untested !== true };
}

function parseOptions() {
  const options = /** @type {const} */ ({
    only: { type: "string", multiple: true },
    output: { type: "string" },
    "no-test": { type: "boolean" },
  });
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Failure(message, "Usage: npm run release [-- --only SYSTEM …] [--output FOLDER] [--no-test]");
  }
}

/**
 * @param {Target} target
 * @param {string} name as Node.js has it, or as the archives have it
 */
function isCalled(target, name) {
  return [target.name, `${target.os}-${target.arch}`].includes(name);
}

function listNames() {
  return TARGETS.map(({ name }) => name).join(", ");
}

/**
 * @param {string} output
 * @param {readonly Target[]} targets
 */
function summarise(output, targets) {
  say(`\nThe archives and SHA256SUMS are in ${output}. They contain Node.js ${NODE_VERSION}.`);
  const foreign = targets.filter((target) => target !== hostTarget).map(({ name }) => name);
  if (foreign.length > 0) say(`Not run, only checked for their structure: ${foreign.join(", ")}.`);
  if (targets.some(({ os }) => os === "darwin")) {
    say("The executables for macOS are not signed. On a Mac: codesign --sign - FILE, or with your own identity.");
  }
}
