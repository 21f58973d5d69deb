/** Where a command reads an archive from: a file, a bucket, or standard input for `-`. */

import { createReadStream } from "node:fs";
import { SnapshotError } from "../../provider/errors";
import { systemCode } from "../../provider/systemCode";
import { formatLocation, type Location, parseSource } from "../../provider/store/location";
import type { Store, StoredObject } from "../../provider/store/store";
import { type Manifest, readManifest } from "../../provider/catalog/manifest";
import { usageError } from "../description/usageError";
import { interruption } from "../terminal/interruption";
import { shown } from "../terminal/rows";
import { openStore, withStore } from "../../provider/store/backends";
import { hasPlaceholders } from "../../provider/store/nameTemplate";
import { isNamedPipe, readNamedPipe } from "./namedPipe";

const CHUNK_BYTES = 256 * 1024;

/** Whether the name is a URL of a store, rather than a path. */
export function isUrl(name: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(name);
}

/** @throws SnapshotError `STORE_*`, `TARGET_INVALID` or `ARGUMENT_INVALID`, while it is read */
export async function* readSource(name: string): AsyncGenerator<Uint8Array> {
  if (name === "") throw usageError("an archive's name is empty", "Use a path or a URL.");
  if (isUrl(name)) {
    yield* readObject(name);
    return;
  }
  try {
    if (name !== "-" && isNamedPipe(name)) yield* readNamedPipe(name, interruption());
    else {
      const stream = name === "-" ? process.stdin : createReadStream(name, { highWaterMark: CHUNK_BYTES });
      yield* stream as AsyncIterable<Buffer>;
    }
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
      const location = formatLocation({ ...place, settings: new Map() });
      throw new SnapshotError("STORE_NOT_FOUND", `there is no object ${shown(location)}`, "Check bucket and key.");
    }
    yield* store.read(place.key, { version: object.version });
  } finally {
    store.close();
  }
}

/** @throws SnapshotError `STORE_NOT_FOUND`, other `STORE_*` */
export async function requireArchive(store: Store, place: Location, signal: AbortSignal): Promise<StoredObject> {
  const object = await store.head(place.key, { signal });
  if (object !== undefined) return object;
  const location = formatLocation({ ...place, settings: new Map() });
  throw new SnapshotError("STORE_NOT_FOUND", `there is no archive at ${shown(location)}`, "Check the path or the URL.");
}

/**
 * The manifest beside an archive; `undefined` if there is none, or if the name is not a place: a pipe has no manifest.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function readManifestBeside(name: string): Promise<Manifest | undefined> {
  // A file name with braces is a valid one here, though not as a target; no manifest is ever written beside it.
  if (name === "-" || (!isUrl(name) && hasPlaceholders(name))) return undefined;
  const place = parseSource(name);
  return withStore(place, (store) => readManifest(store, place.key));
}

/** Says what the system's error means for a reader of files; any other error is as it was. */
export function explained(name: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new SnapshotError("STORE_NOT_FOUND", `there is no file ${shown(name)}`, "Check the path.", error);
  }
  if (code === "EACCES" || code === "EPERM") {
    return new SnapshotError(
      "STORE_DENIED",
      `${shown(name)} may not be read`,
      "Check the file's owner and mode.",
      error,
    );
  }
  if (code === "EISDIR") {
    return usageError(`${shown(name)} is a folder`, "Use an archive in it.");
  }
  // ELOOP, ENAMETOOLONG, EIO and their like.
  if (!(error instanceof SnapshotError) && /^E[A-Z0-9]+$/.test(code)) {
    return new SnapshotError(
      "STORE_UNREACHABLE",
      `${shown(name)} cannot be read (${code})`,
      "Check the path, its links, and the disk that it is on.",
      error,
    );
  }
  return error;
}
