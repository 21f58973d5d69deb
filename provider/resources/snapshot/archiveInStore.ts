/** Compares an archive in state with the object in its store, and deletes it. */

import { unlessAborted } from "../../abort";
import { SnapshotError, isCode } from "../../errors";
import type { Context, Values } from "../../lifecycle";
import { parseLocation } from "../../store/location";
import { sha256Of } from "../../store/sha256";
import { withStore } from "../../store/backends";
import { readSmallObject } from "../../store/smallObject";
import type { Store, StoredObject } from "../../store/store";
import { type Manifest, manifestKey, parseManifest, readManifest } from "../../catalog/manifest";
import { type CleanText, remark } from "../../text";

export type Found = { readonly state: "absent" } | { readonly state: "same" | "changed"; readonly version: string };

/**
 * Whether the archive at `location` is the one in state.
 *
 * @throws SnapshotError if the store cannot be read: an archive is reported as missing only if that is certain
 */
export async function compareWithStore(location: string, recorded: Values, signal: AbortSignal): Promise<Found> {
  return withStoreAt(location, async (store, key) => {
    const object = await store.head(key, { signal });
    if (object === undefined) return { state: "absent" };
    return { state: (await isRecorded(store, object, recorded, signal)) ? "same" : "changed", version: object.version };
  });
}

/** Reports what happens to an archive that stays in its store, without reading it. A store that cannot be read is not a failure. */
export async function reportRetainedArchive(location: string, recorded: Values, context: Context): Promise<void> {
  try {
    context.info(await unlessAborted(retainedArchive(location, recorded, context.signal), context.signal));
  } catch (error) {
    const why = context.signal.aborted ? "looking at it was interrupted" : failure(error).message;
    context.info(remark`the archive stays, as far as is known: ${location} (${why})`);
  }
}

async function retainedArchive(location: string, recorded: Values, signal: AbortSignal): Promise<CleanText> {
  return withStoreAt(location, async (store, key) => {
    const object = await store.head(key, { signal });
    if (object === undefined) return isGone(location);
    const stays = remark`the archive stays: ${location}`;
    const sameSize = object.size === recorded.storedSize;
    if (sameSize && object.version === recorded.storedVersion) return stays;
    const manifest = await readManifest(store, key, { signal });
    if (isNewer(manifest, object, recorded)) return holdsNewer(location);
    // The version changes when a folder is copied.
    if (sameSize && manifest?.storedSha256 === recorded.storedSha256) return stays;
    return remark`what lies at ${location} is no longer the archive that was saved, and stays`;
  });
}

/** Deletes the archive and its manifest if they are those in state; otherwise reports what stays. */
export async function removeArchive(location: string, recorded: Values, context: Context): Promise<void> {
  try {
    await withStoreAt(location, (store, key) => removeIfRecorded(store, key, location, recorded, context));
  } catch (error) {
    if (isCode(error, "STORE_CHANGED")) {
      warnChanged(location, context);
      return;
    }
    if (!isCode(error, "STORE_NOT_FOUND")) throw error;
    context.warn(remark`${location} cannot be seen from here, so nothing was deleted: ${error.message}`);
  }
}

async function removeIfRecorded(
  store: Store,
  key: string,
  location: string,
  recorded: Values,
  context: Context,
): Promise<void> {
  const { signal } = context;
  const object = await store.head(key, { signal });
  if (object === undefined) {
    context.info(isGone(location));
    return;
  }
  const found = await readSmallObject(store, manifestKey(key), { signal });
  const manifest = found && parseManifest(found.bytes);
  if (isNewer(manifest, object, recorded)) {
    context.info(holdsNewer(location));
    return;
  }
  const { storedSize, storedSha256: sha256 } = recorded;
  if (object.size !== storedSize || typeof sha256 !== "string") {
    warnChanged(location, context);
    return;
  }
  // The store compares the bytes, and does not delete an archive with different ones.
  await store.delete(key, { version: object.version, sha256, signal });
  if (found !== undefined && manifest?.sha256 === recorded.sha256) await removeManifest(store, key, found.version);
  context.info(remark`the archive ${location} was deleted`);
}

/** Removes the manifest only if it describes this archive: another save may have taken the name since. */
async function removeManifest(store: Store, key: string, version: string): Promise<void> {
  await store.delete(manifestKey(key), { version }).catch((error: unknown) => {
    if (!isCode(error, "STORE_CHANGED")) throw error;
  });
}

function warnChanged(location: string, context: Context): void {
  context.warn(remark`${location} is no longer the archive that was saved: it was left where it is`);
}

/** Whether a later save, with `overwrite`, replaced the archive of this name. */
function isNewer(manifest: Manifest | undefined, object: StoredObject, recorded: Values): boolean {
  return (
    manifest?.storedSize === object.size &&
    typeof recorded.takenAt === "string" &&
    Date.parse(manifest.takenAt) > Date.parse(recorded.takenAt)
  );
}

function isGone(location: string): CleanText {
  return remark`the archive ${location} is gone already`;
}

function holdsNewer(location: string): CleanText {
  return remark`${location} holds a newer archive by now, which stays`;
}

function failure(error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  throw error;
}

/**
 * An equal version is enough. If the version differs (a copied folder, a re-uploaded object), or with `verifyOnRefresh`, the
 * bytes are compared with the digest in state: the archive was verified when it was saved.
 */
async function isRecorded(store: Store, object: StoredObject, recorded: Values, signal: AbortSignal): Promise<boolean> {
  if (object.size !== recorded.storedSize) return false;
  if (object.version === recorded.storedVersion && recorded.verifyOnRefresh !== true) return true;
  const hash = await sha256Of(store.read(object.key, { version: object.version, signal }));
  return hash === recorded.storedSha256;
}

async function withStoreAt<T>(location: string, work: (store: Store, key: string) => Promise<T>): Promise<T> {
  const place = parseLocation(location);
  return withStore(place, (store) => work(store, place.key));
}
