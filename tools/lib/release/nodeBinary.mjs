// Node.js for each system, from its npm package: downloaded once into .tools, checked by its hash.
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { Failure } from "../failure.mjs";
import { made } from "../paths.mjs";
import { atExit, run } from "../processes.mjs";
import { begin } from "../say.mjs";
import { extensionOf, NODE_VERSION } from "./targets.mjs";

/**
 * The path of Node.js for a system; downloads it if it is not there.
 * @param {import("./targets.mjs").Target} target
 */
export async function nodeBinary(target) {
  const { name, package: packageName, integrity } = target;
  // The hash is part of the name: what another hash was written for is not reused.
  const hash = createHash("sha256").update(integrity).digest("hex").slice(0, 12);
  const folder = join(made, "release", `node-${NODE_VERSION}-${name}-${hash}`);
  const binary = join(folder, `node${extensionOf(target)}`);
  if (existsSync(binary)) return binary;

  const packed = `${packageName}@${NODE_VERSION}`;
  const activity = begin(`Downloading ${packed} (npm pack)`);
  const fresh = `${folder}.${process.pid}`;
  const discard = atExit(() => rmSync(fresh, { recursive: true, force: true }));
  mkdirSync(fresh, { recursive: true });
  const download = await run("npm", ["pack", packed, "--ignore-scripts", "--pack-destination", fresh]);
  const file = join(fresh, `${packageName}-${NODE_VERSION}.tgz`);
  if (download.code !== 0 || !existsSync(file)) {
    activity.drop();
    throw new Failure(
      `${packed} could not be downloaded:\n${download.output.trimEnd()}`,
      "Is npm's registry reachable from here (`npm ping`)?",
    );
  }
  const bytes = readFileSync(file);
  const found = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (found !== integrity) {
    activity.drop();
    throw new Failure(
      `${packed} is not the package that tools/lib/release/targets.mjs names: its hash is ${found}`,
      "Clear npm's cache (`npm cache clean --force`), and check the registry that npm uses.",
    );
  }
  await unpack(bytes, [`bin/${basename(binary)}`, "LICENSE"], fresh);
  rmSync(file);
  chmodSync(join(fresh, basename(binary)), 0o755);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  discard();
  activity.done(`Downloaded ${packed}`);
  return binary;
}

/**
 * Writes some files of an npm package into one folder.
 * @param {Buffer} bytes
 * @param {readonly string[]} names paths in the package
 * @param {string} folder
 */
async function unpack(bytes, names, folder) {
  const tar = extract();
  tar.end(gunzipSync(bytes));
  for await (const entry of tar) {
    const name = entry.header.name.replace(/^package\//, "");
    const content = await buffer(entry);
    if (names.includes(name)) writeFileSync(join(folder, basename(name)), content);
  }
}
