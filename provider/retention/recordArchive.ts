/** Records an archive that a person has added to a series, so that retention counts it. */

import type { Manifest } from "../catalog/manifest";
import { isCode } from "../errors";
import type { Store, StoredObject } from "../store/store";
import { Ledger } from "./ledger";

/**
 * A ledger lies in the folder where the fixed part of a target ends: the archive's own or one above. Where there is none,
 * nothing is written.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function recordArchive(
  store: Store,
  archive: StoredObject,
  { series, storedSha256 }: Pick<Manifest, "series" | "storedSha256">,
  signal: AbortSignal,
): Promise<void> {
  for (const folder of foldersOf(archive.key)) {
    const ledger = await readReachable(store, folder, series, signal);
    await ledger?.append({ archive, storedSha256 }, signal);
  }
}

/** A folder above may be somebody else's. */
export async function readReachable(
  store: Store,
  folder: string,
  series: string,
  signal: AbortSignal,
): Promise<Ledger | undefined> {
  try {
    return await Ledger.read(store, folder, series, signal);
  } catch (error) {
    if (isCode(error, "STORE_DENIED", "TARGET_INVALID")) return undefined;
    throw error;
  }
}

/** From the topmost one, with their slashes; of a bucket's key also the place without a folder. */
export function foldersOf(key: string): readonly string[] {
  const slashes = [...key.matchAll(/\//g)].map(({ index }) => key.slice(0, index + 1));
  return key.startsWith("/") ? slashes : ["", ...slashes];
}
