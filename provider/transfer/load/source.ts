/**
 * The archive that is to be restored. It is read twice, pinned to one version of its object: once to verify all of it,
 * once to send it. What is sent is hashed again, and its last piece is held back until the hash is the same. Nothing
 * decrypted lies on a disk.
 */

import { createHash } from "node:crypto";
import type { ArchiveReport, SeenRecord } from "../../archive/reader";
import { SnapshotError } from "../../errors";
import { formatLocation, type Location } from "../../store/location";
import { openStore } from "../../store/open";
import type { Store, StoredObject } from "../../store/store";
import { type Manifest, readManifest } from "../manifest";
import { type Decryption, opened } from "../opening";
import { type ReadArchive, readStored } from "../verify";

export class Source {
  private constructor(
    /** As a user would write it. */
    readonly location: string,
    readonly object: StoredObject,
    /** What was written beside it when it was saved, if that is there. */
    readonly manifest: Manifest | undefined,
    private readonly store: Store,
    private readonly decryption: Decryption,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws SnapshotError `STORE_*`, `TARGET_INVALID` */
  static async open(place: Location, decryption: Decryption, signal: AbortSignal): Promise<Source> {
    const location = formatLocation(place);
    const store = await openStore(place);
    try {
      const object = await store.head(place.key);
      if (object === undefined) {
        throw new SnapshotError("STORE_NOT_FOUND", `there is no archive at ${location}`, "Check the source.");
      }
      const manifest = await readManifest(store, place.key);
      return new Source(location, object, manifest, store, decryption, signal);
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /**
   * Reads all of it.
   *
   * @param see - given each record
   * @param received - told of each piece's length
   * @throws SnapshotError `ARCHIVE_*`, `STORE_*` (`STORE_CHANGED` where it is another object by now), `DECRYPTION_FAILED`
   */
  read(options: { see?: (record: SeenRecord) => void; received?: (bytes: number) => void } = {}): Promise<ReadArchive> {
    const { decryption, signal } = this;
    return readStored(this.store, this.object, { decryption, signal, ...options });
  }

  /**
   * Its bytes as Consul made them, to be sent. The last of them come only when all are those that were verified.
   *
   * @param verified - of the first reading
   * @throws SnapshotError `STORE_CHANGED` where they are not, and what `read` throws
   */
  async *bytes({ archiveSize, sha256 }: ArchiveReport): AsyncGenerator<Uint8Array> {
    const stored = this.store.read(this.object.key, { version: this.object.version, signal: this.signal });
    const hash = createHash("sha256");
    let size = 0;
    let held: Uint8Array | undefined;
    for await (const chunk of opened(stored, { decryption: this.decryption })) {
      hash.update(chunk);
      size += chunk.length;
      if (size > archiveSize) break;
      if (held !== undefined) yield held;
      held = chunk;
    }
    if (size !== archiveSize || hash.digest("hex") !== sha256 || held === undefined) {
      throw new SnapshotError(
        "STORE_CHANGED",
        `${this.location} was read again to be sent, and was not what had been verified`,
        "Find out who writes there, or whether its disk or network is at fault.",
      );
    }
    yield held;
  }

  close(): void {
    this.store.close();
  }
}
