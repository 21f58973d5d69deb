// Single executables: Node.js with a program inside (https://nodejs.org/docs/latest-v22.x/api/single-executable-applications.html).
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.mjs";
import { root } from "../paths.mjs";
import { run } from "../processes.mjs";

const POSTJECT = join(root, "node_modules", "postject", "dist", "cli.js");
const RESOURCE = "NODE_SEA_BLOB";
/** What Node.js looks for in itself: the digit after it and a colon says whether it contains a program. */
export const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/**
 * What is injected into Node.js of each system. It is the same for all of them, because it contains no compiled code.
 * @param {import("./bundles.mjs").Contents} contents
 * @param {string} node the path of Node.js, of the version into which it will be injected, for this machine
 * @param {string} folder an empty one to work in
 * @returns {Promise<string>} the path of the file that contains it
 */
export async function makeBlob({ program, texts }, node, folder) {
  mkdirSync(join(folder, "texts"), { recursive: true });
  // Relative paths: the blob contains the name of the program's file.
  writeFileSync(join(folder, "main.js"), program);
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, "texts", name), text);
  const config = {
    main: "main.js",
    output: "program.blob",
    disableExperimentalSEAWarning: true,
    assets: Object.fromEntries(Object.keys(texts).map((name) => [name, join("texts", name)])),
  };
  writeFileSync(join(folder, "sea.json"), JSON.stringify(config));
  const made = await run(node, ["--experimental-sea-config", "sea.json"], { cwd: folder });
  if (made.code !== 0) throw new Failure(`Node.js could not make the content of an executable:\n${made.output}`);
  return join(folder, "program.blob");
}

/**
 * Makes an executable of Node.js and a blob.
 * @param {string} node the path of Node.js for the system of the executable
 * @param {string} blob the path of a file
 * @param {string} path of the executable
 */
export async function makeExecutable(node, blob, path) {
  copyFileSync(node, path);
  chmodSync(path, 0o755);
  // As a process of its own: it takes a minute of computing, and warns about signatures and sections that it leaves alone.
  const args = [path, RESOURCE, blob, "--sentinel-fuse", FUSE, "--macho-segment-name", "NODE_SEA"];
  const injected = await run(process.execPath, [POSTJECT, ...args]);
  if (injected.code !== 0) throw new Failure(`postject could not make ${path}:\n${injected.output.trimEnd()}`);
}
