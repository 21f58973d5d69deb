/** Reads a stored archive to its end. */

import { createHash, type Hash } from "node:crypto";
import { ArchiveReader, type ArchiveReport, type SeenRecord } from "../archive/reader";
import type { Store, StoredObject } from "../store/store";
import { checkStateSize, factsOf } from "./facts";
import type { ArchiveFacts } from "./manifest";
import { type Decryption, opened } from "./opening";
import type { StoredBytes } from "./sealed";

export interface Reading {
  readonly decryption: Decryption;
  readonly signal: AbortSignal;
  /** Given each record, before it is known whether the archive is sound. */
  readonly see?: (record: SeenRecord) => void;
  /** Told of each piece's length, as it comes from the store. */
  readonly received?: (bytes: number) => void;
}

export interface ReadArchive {
  readonly report: ArchiveReport;
  /** The object that the store holds, where it is encrypted. */
  readonly encrypted?: StoredBytes;
}

/**
 * Verifies a stored archive, pinned to the version that was looked up.
 *
 * @throws SnapshotError `ARCHIVE_*` when it is not sound, `STORE_*` when it cannot be read, `DECRYPTION_FAILED` when it is
 *   encrypted and cannot be decrypted
 */
export async function readStored(store: Store, object: StoredObject, reading: Reading): Promise<ReadArchive> {
  const { decryption, signal, see, received } = reading;
  const reader = new ArchiveReader(see === undefined ? {} : { see });
  try {
    const hash = createHash("sha256");
    const found = { encrypted: false };
    const stored = hashed(store.read(object.key, { version: object.version, signal }), hash, received);
    const opening = { decryption, whenKnown: (known: boolean) => (found.encrypted = known) };
    for await (const chunk of opened(stored, opening)) await reader.write(chunk);
    const report = await reader.end();
    checkStateSize(report);
    return found.encrypted ? { report, encrypted: { size: object.size, sha256: hash.digest("hex") } } : { report };
  } finally {
    reader.destroy();
  }
}

/**
 * The facts of a stored archive.
 *
 * @throws SnapshotError as `readStored` does
 */
export async function verifyStored(
  store: Store,
  object: StoredObject,
  location: string,
  reading: Reading,
): Promise<ArchiveFacts> {
  const { report, encrypted } = await readStored(store, object, reading);
  return factsOf(report, location, encrypted);
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: Hash,
  received?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk);
    received?.(chunk.length);
    yield chunk;
  }
}
