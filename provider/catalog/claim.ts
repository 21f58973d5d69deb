/**
 * Writes the manifest of an archive that is about to become visible, and withdraws it if that fails.
 *
 * Without `overwrite` the manifest is also a claim on the name: of several writers only the first gets the name, and
 * the others stop before they publish the archive.
 */

import { unlessAborted } from "../abort";
import { isCode } from "../errors";
import { headIfPlaceExists, putSmallObject, readSmallObject } from "../store/smallObject";
import type { HeadOptions, Store, StoredObject } from "../store/store";
import { type Manifest, manifestKey, ORPHAN_AFTER_MS } from "./manifest";
import { withMark } from "./series";

export class ManifestClaim {
  private readonly key: string;
  /** The manifest of the archive that is being overwritten. */
  private previous: Uint8Array | undefined;
  private writing: Promise<StoredObject | undefined> = Promise.resolve(undefined);
  private written: Uint8Array | undefined;
  /** Aborted when nobody waits for the manifest any more. */
  private readonly abandoned = new AbortController();

  constructor(
    private readonly store: Store,
    private readonly archiveKey: string,
    private readonly overwrite: boolean,
  ) {
    this.key = manifestKey(archiveKey);
  }

  /**
   * @param options - its signal cancels what is read before the write; `withdraw` ends the write itself
   * @returns the manifest's stored object
   * @throws SnapshotError `STORE_EXISTS` if another writer has claimed the name
   */
  write(manifest: Manifest, options: HeadOptions = {}): Promise<StoredObject> {
    const writing = this.putManifest(manifest, options);
    this.writing = writing;
    return writing;
  }

  private async putManifest(manifest: Manifest, options: HeadOptions): Promise<StoredObject> {
    if (this.overwrite) this.previous = (await readSmallObject(this.store, this.key, options))?.bytes;
    options.signal?.throwIfAborted();
    const bytes = Buffer.from(withMark(JSON.stringify(manifest, null, 2), manifest.series));
    const { signal } = this.abandoned;
    const stored = await this.putOver(bytes, signal, options);
    this.written = bytes;
    return stored;
  }

  private async putOver(bytes: Uint8Array, signal: AbortSignal, options: HeadOptions): Promise<StoredObject> {
    try {
      return await putSmallObject(this.store, this.key, bytes, this.overwrite, { signal });
    } catch (error) {
      if (!(isCode(error, "STORE_EXISTS") && (await this.isOrphaned(options)))) throw error;
      return putSmallObject(this.store, this.key, bytes, true, { signal });
    }
  }

  /**
   * Call it after an archive was overwritten: makes sure that the manifest beside it is this writer's, even if another
   * one wrote concurrently, unless the archive has been replaced since.
   *
   * @param version - the version of the archive that this writer stored
   */
  async confirm(version: string): Promise<void> {
    if (!this.overwrite || this.written === undefined || (await this.versionIfOurs()) !== undefined) return;
    if ((await headIfPlaceExists(this.store, this.archiveKey))?.version !== version) return;
    await putSmallObject(this.store, this.key, this.written, true);
  }

  /**
   * Call it after a failure: restores the previous manifest.
   *
   * @param signal - ends the attempt, and a write of the manifest that has not ended by then: a store that answers later
   * would otherwise receive it again, although the run is over
   */
  async withdraw(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.writing, signal).catch(() => undefined);
    if (signal.aborted) this.abandoned.abort(signal.reason);
    const version = await this.versionIfOurs({ signal });
    if (version === undefined) return;
    if (this.previous === undefined) await this.store.delete(this.key, { version, signal });
    // The write itself is not canceled, because a canceled write leaves no manifest at all.
    else await unlessAborted(putSmallObject(this.store, this.key, this.previous, true), signal);
  }

  /**
   * Whether its writer was killed before the archive became visible. Only one request separates manifest and archive,
   * so the writer of a manifest that is several minutes old is no longer running.
   */
  private async isOrphaned(options: HeadOptions): Promise<boolean> {
    const manifest = await headIfPlaceExists(this.store, this.key, options);
    const archive = await headIfPlaceExists(this.store, this.archiveKey, options);
    if (manifest === undefined || archive !== undefined) return false;
    return (await this.store.now(this.key)).getTime() - manifest.modified.getTime() > ORPHAN_AFTER_MS;
  }

  private async versionIfOurs(options: HeadOptions = {}): Promise<string | undefined> {
    if (this.written === undefined) return undefined;
    const there = await readSmallObject(this.store, this.key, options);
    return there !== undefined && Buffer.compare(there.bytes, this.written) === 0 ? there.version : undefined;
  }
}
