/**
 * The archive to restore. It is read twice, pinned to one version of its object: once to verify it, once to send it.
 * Each piece is sent only if its hash matches the first reading. No decrypted data is written to disk.
 */

import { decryptIfEncrypted } from "../age/decrypt";
import { type Decryption, loadIdentities } from "../age/identities";
import type { SeenRecord } from "../archive/reader";
import type { Manifest } from "../catalog/manifest";
import { findArchive, type ReadArchive, readStoredArchive } from "../catalog/storedArchive";
import { compact } from "../compact";
import { SnapshotError } from "../errors";
import type { Location } from "../store/location";
import type { Store, StoredObject } from "../store/store";
import { PieceHashes } from "./pieceHashes";

export class Source {
  /** The hashes of the last complete reading. */
  #pieces: PieceHashes | undefined;

  private constructor(
    /** The location, as a user would write it. */
    readonly location: string,
    readonly object: StoredObject,
    /** The manifest beside the archive, if there is one. */
    readonly manifest: Manifest | undefined,
    private readonly store: Store,
    private readonly decryption: Decryption,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @param store - the store of `place`; the caller closes it
   * @throws SnapshotError as `findArchive` does; `ARGUMENT_INVALID` for an identity file without an identity
   */
  static async open(place: Location, store: Store, decryption: Decryption, signal: AbortSignal): Promise<Source> {
    const { location, object, manifest } = await findArchive(store, place, signal);
    return new Source(location, object, manifest, store, await loadIdentities(decryption), signal);
  }

  /**
   * Reads and verifies all of it.
   *
   * @param see - receives each record
   * @param received - receives each piece's length
   * @throws SnapshotError `ARCHIVE_*`, `STORE_*` (`STORE_CHANGED` if the object has changed), `DECRYPTION_FAILED`
   */
  async read(
    options: { see?: (record: SeenRecord) => void; received?: (bytes: number) => void } = {},
  ): Promise<ReadArchive> {
    const { decryption, signal } = this;
    const pieces = new PieceHashes();
    const archived = (bytes: Uint8Array): void => pieces.add(bytes);
    const read = await readStoredArchive(this.store, this.object, { decryption, signal, archived, ...options });
    pieces.end();
    this.#pieces = pieces;
    return read;
  }

  /** Whether the object is still the one that was opened, according to the store's metadata. */
  async isUnchanged(): Promise<boolean> {
    const now = await this.store.head(this.object.key, { signal: this.signal });
    return now !== undefined && now.version === this.object.version && now.size === this.object.size;
  }

  /**
   * The unencrypted bytes, to send: only bytes that `read` has verified.
   *
   * @param signal - aborts the reading. Default: the source's signal
   * @throws SnapshotError `STORE_CHANGED` if the bytes have changed, and the errors of `read`
   */
  bytes(signal = this.signal): AsyncIterable<Uint8Array> {
    if (this.#pieces === undefined) throw new Error("an archive is verified before it is sent");
    const stored = this.store.read(this.object.key, compact({ version: this.object.version, signal }));
    const archive = decryptIfEncrypted(stored, { decryption: this.decryption });
    return this.#pieces.verified(archive, () => this.#changed());
  }

  #changed(): SnapshotError {
    return new SnapshotError(
      "STORE_CHANGED",
      `${this.location} was read again to be sent, and differs from what was verified`,
      "Find out who writes there, or whether its disk or network is faulty.",
    );
  }
}
