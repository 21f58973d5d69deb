// Stamps: what something was made from, so that it is not made again.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { made } from "./paths.mjs";

const folder = join(made, "stamps");

/**
 * A hash over texts and files, in order.
 * @param {readonly (string | Buffer)[]} parts
 */
export function hashOf(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(String(part.length)).update(":").update(part);
  return hash.digest("hex");
}

/**
 * @param {string} name
 * @returns {string | undefined} what `name` was last made from
 */
export function readStamp(name) {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Records what `name` was made from, once it is in its place. Clear the old stamp before replacing the thing itself.
 * @param {string} name
 * @param {string} hash
 */
export function writeStamp(name, hash) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), hash);
}

/** @param {string} name */
export function clearStamp(name) {
  rmSync(join(folder, name), { force: true });
}
