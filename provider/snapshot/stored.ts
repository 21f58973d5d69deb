/** An archive that state knows, against what its store holds now. */

import { createHash } from "node:crypto";
import { SnapshotError } from "../errors";
import type { Context, Values } from "../lifecycle";
import { parseLocation } from "../store/location";
import { openStore } from "../store/open";
import type { Store, StoredObject } from "../store/store";
import { manifestKey, readManifest } from "../transfer/manifest";

export type Found = { readonly state: "absent" } | { readonly state: "same" | "changed"; readonly version: string };

/**
 * Whether the archive at `location` is the one recorded.
 *
 * @throws SnapshotError when the place cannot be seen: absence is told only when it is known
 */
export async function compareWithStore(location: string, recorded: Values, signal: AbortSignal): Promise<Found> {
  const { key, store } = await openAt(location);
  try {
    const object = await store.head(key);
    if (object === undefined) return { state: "absent" };
    return { state: (await isRecorded(store, object, recorded, signal)) ? "same" : "changed", version: object.version };
  } finally {
    store.close();
  }
}

/** Deletes the archive and its manifest if they are those recorded, and says what it left if they are not. */
export async function removeArchive(location: string, recorded: Values, context: Context): Promise<void> {
  const { key, store } = await openAt(location);
  try {
    const object = await store.head(key);
    if (object === undefined) {
      context.info(`the archive ${location} is gone already`);
      return;
    }
    if (!(await isRecorded(store, object, recorded, context.signal))) {
      context.warn(`${location} is no longer the archive that was saved: it was left where it is`);
      return;
    }
    const manifest = await readManifest(store, key);
    await store.delete(key, { version: object.version });
    if (manifest?.sha256 === recorded.sha256) await store.delete(manifestKey(key));
    context.info(`the archive ${location} was deleted`);
  } catch (error) {
    if (!(error instanceof SnapshotError && error.code === "STORE_NOT_FOUND")) throw error;
    context.warn(`${location} cannot be seen from here, so nothing was deleted: ${error.message}`);
  } finally {
    store.close();
  }
}

/**
 * The version tells at once; where it moved (a copied folder, a re-uploaded object), or `verifyOnRefresh` asks for it,
 * the bytes decide: those of an archive that was verified when it was saved.
 */
async function isRecorded(store: Store, object: StoredObject, recorded: Values, signal: AbortSignal): Promise<boolean> {
  if (object.size !== recorded.storedSize) return false;
  if (object.version === recorded.storedVersion && recorded.verifyOnRefresh !== true) return true;
  const hash = createHash("sha256");
  for await (const chunk of store.read(object.key, { version: object.version, signal })) hash.update(chunk);
  return hash.digest("hex") === recorded.storedSha256;
}

async function openAt(location: string): Promise<{ key: string; store: Store }> {
  const place = parseLocation(location);
  return { key: place.key, store: await openStore(place) };
}
