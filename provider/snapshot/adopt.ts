/** `ConsulSnapshot.get`: an archive that already exists, taken by this package or by anyone. */

import { SnapshotError } from "../errors";
import type { Context, Value, Values } from "../lifecycle";
import { formatLocation, parseLocation } from "../store/location";
import { openStore } from "../store/open";
import type { Store, StoredObject } from "../store/store";
import { checkDecryption, readDecryption } from "../transfer/decryptionArgs";
import { readManifest } from "../transfer/manifest";
import type { Decryption } from "../transfer/opening";
import { archiveOutputs } from "./outputs";

/**
 * The facts of the archive at `location`: from its manifest if that describes this very object, else by reading and
 * verifying all of it, every time it is looked up.
 *
 * @param decryption - the argument of that name, for an encrypted archive without its manifest
 * @throws SnapshotError `STORE_*` when it is not there, `ARCHIVE_*` when it is not a sound archive, `DECRYPTION_FAILED`
 *   or `ARGUMENT_INVALID` when `decryption` does not do
 */
export async function adopt(location: string, decryption: Value | undefined, context: Context): Promise<Values> {
  const identities = decryptionOf(decryption);
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
    return await readStranger(store, object, formatLocation(place), identities, context);
  } finally {
    store.close();
  }
}

/** No check comes before a resource that is looked up: what is wrong is said here. */
function decryptionOf(value: Value | undefined): Decryption {
  const [problem] = checkDecryption(value);
  if (problem === undefined) return readDecryption(value);
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    problem.reason,
    "ConsulSnapshot.get takes it among its options: { decryption: { identityFiles: [path] } }.",
  );
}

async function readStranger(
  store: Store,
  object: StoredObject,
  location: string,
  decryption: Decryption,
  context: Context,
): Promise<Values> {
  context.status(`reading ${location}, which has no manifest`);
  const { verifyStored } = await import("../transfer/verify.js");
  return archiveOutputs(await verifyStored(store, object, location, { decryption, signal: context.signal }));
}
