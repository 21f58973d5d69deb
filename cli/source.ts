/** Where a command reads an archive from: a file, a bucket, or standard input for `-`. */

import { createReadStream } from "node:fs";
import { SnapshotError } from "../provider/errors";
import { formatLocation, parseSource } from "../provider/store/location";
import { openStore } from "../provider/store/open";

const CHUNK_BYTES = 256 * 1024;

/** Whether a store serves it, rather than the file system. */
export function isUrl(name: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(name);
}

/** @throws SnapshotError `STORE_*`, `TARGET_INVALID` or `ARGUMENT_INVALID`, while it is read */
export async function* readSource(name: string): AsyncGenerator<Uint8Array> {
  if (name === "") throw new SnapshotError("ARGUMENT_INVALID", "an archive's name is empty", "Name a path or a URL.");
  if (isUrl(name)) {
    yield* readObject(name);
    return;
  }
  const stream = name === "-" ? process.stdin : createReadStream(name, { highWaterMark: CHUNK_BYTES });
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw explained(name, error);
  }
}

async function* readObject(url: string): AsyncGenerator<Uint8Array> {
  const place = parseSource(url);
  const store = await openStore(place);
  try {
    const object = await store.head(place.key);
    if (object === undefined) {
      const shown = formatLocation({ ...place, settings: new Map() });
      throw new SnapshotError("STORE_NOT_FOUND", `there is no object ${shown}`, "Check bucket and key.");
    }
    yield* store.read(place.key, { version: object.version });
  } finally {
    store.close();
  }
}

/** Says what the system's error means for a reader of files; any other error is as it was. */
export function explained(name: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new SnapshotError("STORE_NOT_FOUND", `there is no file ${name}`, "Check the path.", error);
  }
  if (code === "EACCES" || code === "EPERM") {
    return new SnapshotError("STORE_DENIED", `${name} may not be read`, "Check the file's owner and mode.", error);
  }
  if (code === "EISDIR") {
    return new SnapshotError("ARGUMENT_INVALID", `${name} is a folder`, "Name an archive in it.", error);
  }
  return error;
}
