/** A manifest, read in the version that was listed. */

import { isCode } from "../errors";
import { MAX_BYTES } from "../store/smallObject";
import type { Store, StoredObject } from "../store/store";
import { type Manifest, parseManifest } from "./manifest";

/**
 * @returns `"changed"` or `"gone"` if it was replaced or removed since it was listed; `undefined` if it is not a valid
 * manifest
 * @throws SnapshotError `STORE_*`
 */
export async function readListedManifest(
  store: Store,
  { key, version, size }: StoredObject,
  signal: AbortSignal,
): Promise<Manifest | "changed" | "gone" | undefined> {
  if (size > MAX_BYTES) return undefined;
  const parts: Uint8Array[] = [];
  try {
    for await (const part of store.read(key, { version, signal })) parts.push(part);
  } catch (error) {
    if (isCode(error, "STORE_CHANGED")) return "changed";
    if (isCode(error, "STORE_NOT_FOUND")) return "gone";
    throw error;
  }
  return parseManifest(Buffer.concat(parts));
}
