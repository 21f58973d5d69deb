// The archives of a release: the same files always make the same bytes.
import { createHash } from "node:crypto";
import { closeSync, createReadStream, createWriteStream, openSync, renameSync, statSync, writeSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";

/** In gzip's header, the system on which it was made, which Node.js fills in; and the number for an unknown one. */
const [SYSTEM_BYTE, UNKNOWN_SYSTEM] = [9, 255];

/**
 * @typedef {{ name: string, content: string } | { name: string, path: string }} Entry a text, or an executable
 */

/**
 * Writes a .tar.gz without times, owners and system.
 * @param {string} path
 * @param {readonly Entry[]} entries
 */
export async function writeArchive(path, entries) {
  // Under its name there is only a whole archive.
  const unfinished = `${path}.part`;
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 9 }), createWriteStream(unfinished));
  const mtime = new Date(0);
  const filled = fill(tar, entries, mtime).catch((error) => tar.destroy(error));
  await written;
  await filled;
  const file = openSync(unfinished, "r+");
  writeSync(file, Buffer.of(UNKNOWN_SYSTEM), 0, 1, SYSTEM_BYTE);
  closeSync(file);
  renameSync(unfinished, path);
}

/**
 * @param {import("tar-stream").Pack} tar
 * @param {readonly Entry[]} entries
 * @param {Date} mtime
 */
async function fill(tar, entries, mtime) {
  for (const entry of entries) {
    if ("content" in entry) {
      tar.entry({ name: entry.name, mode: 0o644, mtime }, entry.content);
    } else {
      const { size } = statSync(entry.path);
      await pipeline(createReadStream(entry.path), tar.entry({ name: entry.name, mode: 0o755, mtime, size }));
    }
  }
  tar.finalize();
}

/**
 * The SHA-256 of a file, in hex.
 * @param {string} path
 */
export async function sha256Of(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
