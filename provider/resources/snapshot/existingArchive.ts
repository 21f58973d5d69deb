/** `ConsulSnapshot.get`: looks up an existing archive, made by this package or by any other program. */

import { SnapshotError } from "../../errors";
import type { Context, Value, Values } from "../../lifecycle";
import { formatLocation, parseLocation } from "../../store/location";
import { withStore } from "../../store/backends";
import type { Store, StoredObject } from "../../store/store";
import { checkDecryption, readDecryption } from "../../args/decryption";
import { type ArchiveFacts, readManifest } from "../../catalog/manifest";
import { compact } from "../../compact";
import type { Decryption } from "../../age/identities";
import { archiveOutputs } from "./outputs";

export interface ExistingArchive {
  /** An absolute path, or a URL. */
  readonly location: string;
  /** The series in its manifest. Absent without a manifest. */
  readonly series?: string;
  readonly outputs: Values;
}

/**
 * The facts of the archive at `id`, a path or a URL. They come from its manifest if that describes this object; otherwise each
 * lookup reads and verifies the whole archive.
 *
 * @param decryption - the argument of that name, for an encrypted archive without its manifest
 * @throws SnapshotError `STORE_*` when it is not there, `ARCHIVE_*` when it is not a valid archive, `DECRYPTION_FAILED`
 *   or `ARGUMENT_INVALID` when `decryption` does not do
 */
export async function lookUpArchive(
  id: string,
  decryption: Value | undefined,
  context: Context,
): Promise<ExistingArchive> {
  const identities = decryptionOf(decryption);
  const place = parseLocation(id);
  const location = formatLocation(place);
  const { signal } = context;
  return withStore(place, async (store) => {
    const object = await store.head(place.key, { signal });
    if (object === undefined) {
      throw new SnapshotError(
        "STORE_NOT_FOUND",
        `there is no archive at ${id}`,
        "Only an archive that exists can be looked up or imported: check the location.",
      );
    }
    const manifest = await readManifest(store, place.key, { signal });
    if (manifest?.storedSize === object.size) {
      const outputs = { ...archiveOutputs({ ...manifest, location }), storedVersion: object.version };
      return compact({ location, series: manifest.series, outputs });
    }
    const facts = await readUnlistedArchive(store, object, location, identities, context);
    return { location, outputs: { ...archiveOutputs(facts), storedVersion: object.version } };
  });
}

/** Pulumi does not call `check` before a lookup, so problems with the argument are reported here. */
function decryptionOf(value: Value | undefined): Decryption {
  const [problem] = checkDecryption(value);
  if (problem === undefined) return readDecryption(value);
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    problem.reason,
    "ConsulSnapshot.get takes it among its options: { decryption: { identityFiles: [path] } }.",
  );
}

async function readUnlistedArchive(
  store: Store,
  object: StoredObject,
  location: string,
  decryption: Decryption,
  context: Context,
): Promise<ArchiveFacts> {
  context.status({ phase: "readingUnlisted", location });
  const { verifyStoredArchive } = await import("../../catalog/storedArchive.js");
  return verifyStoredArchive(store, object, location, { decryption, signal: context.signal });
}
