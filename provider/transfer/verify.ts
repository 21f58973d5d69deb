/** Reads a stored archive to its end. */

import { createHash, type Hash } from "node:crypto";
import { ArchiveReader } from "../archive/reader";
import type { Store, StoredObject } from "../store/store";
import { checkStateSize, factsOf } from "./facts";
import type { ArchiveFacts } from "./manifest";
import { type Decryption, opened } from "./opening";

/**
 * Verifies a stored archive, pinned to the version that was looked up.
 *
 * @throws SnapshotError `ARCHIVE_*` when it is not sound, `STORE_*` when it cannot be read, `DECRYPTION_FAILED` when it is
 *   encrypted and cannot be decrypted
 */
export async function verifyStored(
  store: Store,
  object: StoredObject,
  location: string,
  decryption: Decryption,
  signal: AbortSignal,
): Promise<ArchiveFacts> {
  const reader = new ArchiveReader();
  try {
    const hash = createHash("sha256");
    const found = { encrypted: false };
    const stored = hashed(store.read(object.key, { version: object.version, signal }), hash);
    const opening = {
      decryption,
      whenKnown: (known: boolean) => (found.encrypted = known),
    };
    for await (const chunk of opened(stored, opening)) await reader.write(chunk);
    const report = await reader.end();
    checkStateSize(report);
    return found.encrypted
      ? factsOf(report, location, { size: object.size, sha256: hash.digest("hex") })
      : factsOf(report, location);
  } finally {
    reader.destroy();
  }
}

async function* hashed(source: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}
