/** An archive that state knows, against what its store holds now. */

import { createHash } from "node:crypto";
import { SnapshotError } from "../errors";
import type { Context, Values } from "../lifecycle";
import { parseLocation } from "../store/location";
import { openStore } from "../store/open";
import type { Store, StoredObject } from "../store/store";
import { type Manifest, manifestKey, readManifest } from "../transfer/manifest";
import { unlessAborted } from "../store/stall";

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

/** Says what has become of an archive that is not ours to delete any more, without reading it. A store that cannot be seen is no failure. */
export async function sayWhatStays(location: string, recorded: Values, context: Context): Promise<void> {
  try {
    context.info(await unlessAborted(whatStays(location, recorded), context.signal));
  } catch (error) {
    const why = context.signal.aborted ? "looking at it was interrupted" : failure(error).message;
    context.info(`the archive stays, as far as is known: ${location} (${why})`);
  }
}

async function whatStays(location: string, recorded: Values): Promise<string> {
  const { key, store } = await openAt(location);
  try {
    const object = await store.head(key);
    if (object === undefined) return isGone(location);
    const stays = `the archive stays: ${location}`;
    const sameSize = object.size === recorded.storedSize;
    if (sameSize && object.version === recorded.storedVersion) return stays;
    const manifest = await readManifest(store, key);
    if (isNewer(manifest, object, recorded)) return holdsNewer(location);
    // The version moves when a folder is copied.
    if (sameSize && manifest?.storedSha256 === recorded.storedSha256) return stays;
    return `what lies at ${location} is no longer the archive that was saved, and stays`;
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
      context.info(isGone(location));
      return;
    }
    const manifest = await readManifest(store, key);
    if (isNewer(manifest, object, recorded)) {
      context.info(holdsNewer(location));
      return;
    }
    if (!(await isRecorded(store, object, recorded, context.signal))) {
      context.warn(`${location} is no longer the archive that was saved: it was left where it is`);
      return;
    }
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

/** A later save of the same name, with `overwrite`. */
function isNewer(manifest: Manifest | undefined, object: StoredObject, recorded: Values): boolean {
  return (
    manifest?.storedSize === object.size &&
    typeof recorded.takenAt === "string" &&
    Date.parse(manifest.takenAt) > Date.parse(recorded.takenAt)
  );
}

function isGone(location: string): string {
  return `the archive ${location} is gone already`;
}

function holdsNewer(location: string): string {
  return `${location} holds a newer archive by now, which stays`;
}

function failure(error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  throw error;
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
