/** Reads a stored archive to its end. */

import { ArchiveReader } from "../archive/reader";
import type { Store, StoredObject } from "../store/store";
import { checkStateSize, factsOf } from "./facts";
import type { ArchiveFacts } from "./manifest";

/**
 * Verifies a stored archive, pinned to the version that was looked up.
 *
 * @throws SnapshotError `ARCHIVE_*` when it is not sound, `STORE_*` when it cannot be read
 */
export async function verifyStored(
  store: Store,
  object: StoredObject,
  location: string,
  signal: AbortSignal,
): Promise<ArchiveFacts> {
  const reader = new ArchiveReader();
  try {
    for await (const chunk of store.read(object.key, { version: object.version, signal })) await reader.write(chunk);
    const report = await reader.end();
    checkStateSize(report);
    return factsOf(report, location);
  } finally {
    reader.destroy();
  }
}
