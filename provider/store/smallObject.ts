/** Small objects beside archives: manifests and receipts, read and written whole. */

import { compact } from "../compact";
import { isCode } from "../errors";
import type { HeadOptions, Store, StoredObject } from "./store";

/** No genuine one is larger, so a larger one is not read into memory. */
export const MAX_BYTES = 1024 * 1024;

export function putSmallObject(
  store: Store,
  key: string,
  bytes: Uint8Array,
  overwrite: boolean,
  { signal }: HeadOptions = {},
): Promise<StoredObject> {
  return store.put(key, chunks(bytes), compact({ overwrite, signal }));
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable, also a short one
async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Reads a small object; `undefined` if it does not exist. */
export async function readSmallObject(
  store: Store,
  key: string,
  options: HeadOptions = {},
): Promise<{ readonly bytes: Uint8Array; readonly version: string } | undefined> {
  const object = await headIfPlaceExists(store, key, options);
  if (object === undefined) return undefined;
  return { bytes: await readBytes(store, key, options), version: object.version };
}

/** As `readSmallObject`; also `undefined` if `fileOrNothing` finds nothing. */
export async function readSmallFile(
  store: Store,
  key: string,
  options: HeadOptions = {},
): Promise<Uint8Array | undefined> {
  return (await fileOrNothing(store, key, options)) && (await readBytes(store, key, options));
}

async function readBytes(store: Store, key: string, options: HeadOptions): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of store.read(key, { ...options, length: MAX_BYTES })) parts.push(part);
  return Buffer.concat(parts);
}

/** `undefined` if the object, its folder or its bucket does not exist. */
export async function headIfPlaceExists(
  store: Store,
  key: string,
  options: HeadOptions = {},
): Promise<StoredObject | undefined> {
  try {
    return await store.head(key, options);
  } catch (error) {
    if (isCode(error, "STORE_NOT_FOUND")) return undefined;
    throw error;
  }
}

/**
 * As `headIfPlaceExists`; also `undefined` if a folder has this name, or if no file can have it because its path is too
 * long or leads through a file. For names that are derived from those of other objects.
 */
export async function fileOrNothing(
  store: Store,
  key: string,
  options: HeadOptions = {},
): Promise<StoredObject | undefined> {
  const found = await lookUp(store, key, options);
  return found === "notAFile" ? undefined : found;
}

/** As `fileOrNothing`; `"notAFile"` if that finds nothing and `headIfPlaceExists` fails. */
export async function lookUp(
  store: Store,
  key: string,
  options: HeadOptions = {},
): Promise<StoredObject | "notAFile" | undefined> {
  try {
    return await headIfPlaceExists(store, key, options);
  } catch (error) {
    if (isCode(error, "TARGET_INVALID")) return "notAFile";
    throw error;
  }
}
