/** Finds a stored archive and reads all of it. */

import { createHash, type Hash } from "node:crypto";
import { decryptIfEncrypted } from "../age/decrypt";
import { type Decryption } from "../age/identities";
import type { ArchiveReport, SeenRecord } from "../archive/reader";
import { type ReadOptions, readWhole } from "../archive/readWhole";
import { compact } from "../compact";
import { SnapshotError } from "../errors";
import { formatLocation, type Location } from "../store/location";
import { lookUp } from "../store/smallObject";
import type { Store, StoredObject } from "../store/store";
import { factsOf } from "./archiveFacts";
import { type ArchiveFacts, type Manifest, readManifest, type StoredBytes } from "./manifest";

/** `kv` and `acceptStateSize` as in `readWhole`. */
export interface Reading extends Pick<ReadOptions, "kv" | "acceptStateSize"> {
  readonly decryption: Decryption;
  readonly signal: AbortSignal;
  /** Called with each record, before it is known whether the archive is valid. */
  readonly see?: (record: SeenRecord) => void;
  /** Called with the length of each piece from the store. */
  readonly received?: (bytes: number) => void;
  /** Called with the unencrypted bytes, before it is known whether the archive is valid. */
  readonly archived?: (bytes: Uint8Array) => void;
}

export interface ReadArchive {
  readonly report: ArchiveReport;
  /** The stored object, if it is encrypted. */
  readonly encrypted?: StoredBytes;
}

/** An archive that a user specifies by its path or URL. */
export interface FoundArchive {
  /** An absolute path, or a URL. */
  readonly location: string;
  readonly object: StoredObject;
  /** The manifest beside the archive, if there is one. */
  readonly manifest: Manifest | undefined;
}

/**
 * @param store - the store of `place`; the caller closes it
 * @throws SnapshotError `STORE_NOT_FOUND` if there is no object; `TARGET_INVALID` for a folder; other `STORE_*`
 */
export async function findArchive(store: Store, place: Location, signal: AbortSignal): Promise<FoundArchive> {
  const location = formatLocation(place);
  const object = await lookUp(store, place.key, { signal });
  if (object === "notAFile") {
    throw new SnapshotError("TARGET_INVALID", `${location} is not a file`, "Specify one archive by its whole path.");
  }
  if (object === undefined) {
    throw new SnapshotError("STORE_NOT_FOUND", `there is no archive at ${location}`, "Check the source.");
  }
  return { location, object, manifest: await readManifest(store, place.key, { signal }) };
}

/**
 * Verifies a stored archive, pinned to the version that was looked up.
 *
 * @throws SnapshotError `ARCHIVE_*` if it is invalid, `STORE_*` if it cannot be read, `DECRYPTION_FAILED` if it cannot
 * be decrypted
 */
export async function readStoredArchive(store: Store, object: StoredObject, reading: Reading): Promise<ReadArchive> {
  const { decryption, signal, see, received, archived, kv, acceptStateSize } = reading;
  const hash = createHash("sha256");
  const found = { encrypted: false };
  const stored = hashed(store.read(object.key, { version: object.version, signal }), hash, received);
  const opening = { decryption, whenKnown: (known: boolean) => (found.encrypted = known) };
  const archive = decryptIfEncrypted(stored, opening);
  const report = await readWhole(
    archived === undefined ? archive : observed(archive, archived),
    compact({ see, kv, acceptStateSize, sourceBytes: object.size }),
  );
  return found.encrypted ? { report, encrypted: { size: object.size, sha256: hash.digest("hex") } } : { report };
}

/**
 * The facts of a stored archive.
 *
 * @throws SnapshotError as `readStoredArchive` does
 */
export async function verifyStoredArchive(
  store: Store,
  object: StoredObject,
  location: string,
  reading: Reading,
): Promise<ArchiveFacts> {
  const { report, encrypted } = await readStoredArchive(store, object, reading);
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

async function* observed(
  source: AsyncIterable<Uint8Array>,
  archived: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    archived(chunk);
    yield chunk;
  }
}
