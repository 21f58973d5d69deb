/** Small objects beside archives: manifests and receipts, read and written whole. */

import { SnapshotError } from "../errors";
import type { HeadOptions, Store, StoredObject } from "../store/store";

/** No honest one is larger; what is larger is not read into memory. */
export const MAX_BYTES = 1024 * 1024;

export function putSmall(store: Store, key: string, bytes: Uint8Array, overwrite: boolean): Promise<StoredObject> {
  return store.put(key, chunks(bytes), { overwrite });
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable, also a short one
async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** `undefined` when it is not there. */
export async function readSmall(
  store: Store,
  key: string,
  options: HeadOptions = {},
): Promise<{ readonly bytes: Uint8Array; readonly version: string } | undefined> {
  const object = await headInPlace(store, key, options);
  if (object === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of store.read(key, { ...options, length: MAX_BYTES })) parts.push(part);
  return { bytes: Buffer.concat(parts), version: object.version };
}

/** While nothing is there, neither need its folder be. */
export async function headInPlace(
  store: Store,
  key: string,
  options: HeadOptions = {},
): Promise<StoredObject | undefined> {
  try {
    return await store.head(key, options);
  } catch (error) {
    if (error instanceof SnapshotError && error.code === "STORE_NOT_FOUND") return undefined;
    throw error;
  }
}
