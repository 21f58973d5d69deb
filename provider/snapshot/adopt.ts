/** `ConsulSnapshot.get`: an archive that already exists, taken by this package or by anyone. */

import { SnapshotError } from "../errors";
import type { Context, Values } from "../lifecycle";
import { formatLocation, parseLocation } from "../store/location";
import { openStore } from "../store/open";
import type { Store, StoredObject } from "../store/store";
import { readManifest } from "../transfer/manifest";
import { archiveOutputs } from "./outputs";

/**
 * The facts of the archive at `location`: from its manifest if that describes this very object, else by reading and
 * verifying all of it, every time it is looked up.
 *
 * @throws SnapshotError `STORE_*` when it is not there, `ARCHIVE_*` when it is not a sound archive
 */
export async function adopt(location: string, context: Context): Promise<Values> {
  const place = parseLocation(location);
  const store = await openStore(place);
  try {
    const object = await store.head(place.key);
    if (object === undefined) {
      throw new SnapshotError(
        "STORE_NOT_FOUND",
        `there is no archive at ${location}`,
        "ConsulSnapshot.get looks up an archive that exists: check the location.",
      );
    }
    const manifest = await readManifest(store, place.key);
    if (manifest?.storedSize === object.size) {
      return { ...archiveOutputs(manifest), location: formatLocation(place) };
    }
    return await readStranger(store, object, formatLocation(place), context);
  } finally {
    store.close();
  }
}

async function readStranger(store: Store, object: StoredObject, location: string, context: Context): Promise<Values> {
  context.status(`reading ${location}, which has no manifest`);
  const { verifyStored } = await import("../transfer/verify.js");
  return archiveOutputs(await verifyStored(store, object, location, context.signal));
}
