/** Verifies stored archives against their manifests by hashing their bytes. */

import { isCode } from "../errors";
import { inParallel } from "../store/inParallel";
import { sha256Of } from "../store/sha256";
import type { Store } from "../store/store";
import type { Found } from "./listing";

/**
 * Hashes stored archives as streams, in the versions that were listed.
 *
 * @param done - called after each archive
 * @returns the archives whose bytes do not match their manifests, or that no longer exist
 * @throws SnapshotError `STORE_*` if an archive cannot be read
 */
export async function findUnverifiable(
  store: Store,
  archives: readonly Found[],
  signal: AbortSignal,
  done: () => void,
): Promise<ReadonlySet<Found>> {
  const wrong = new Set<Found>();
  await inParallel(archives, signal, async (found) => {
    if (!(await isVerified(store, found, signal))) wrong.add(found);
    done();
  });
  return wrong;
}

async function isVerified(store: Store, { archive, storedSha256 }: Found, signal: AbortSignal): Promise<boolean> {
  try {
    return (await sha256Of(store.read(archive.key, { version: archive.version, signal }))) === storedSha256;
  } catch (error) {
    if (isCode(error, "STORE_CHANGED", "STORE_NOT_FOUND")) return false;
    throw error;
  }
}
