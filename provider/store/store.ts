/**
 * A store keeps archives: a folder, or a bucket. This file is its contract; every store passes the same suite.
 *
 * What every store promises:
 * - **Whole or absent.** Nothing is visible at a key before the source has ended well and every byte is durable. A
 *   source that fails, a cancelled run, a killed process, a full disk: no object.
 * - **No clobbering.** Without `overwrite` an existing object is never replaced, also when two writers race: one wins,
 *   the other gets `STORE_EXISTS`.
 * - **Backpressure.** A source is read no faster than the store can take it; memory does not grow with its length.
 * - **Pinned reading.** A read that names a version gives bytes of that version or fails with `STORE_CHANGED`.
 * - **Plain failures.** Everything thrown is a `SnapshotError` with a `STORE_*` or `TARGET_INVALID` code, naming the
 *   location and holding no credential. A store that does not answer fails with `STORE_STALLED` within its limit; what
 *   a failed or cancelled write then tidies up takes no more than `TIDY_MS`.
 */

export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the bytes may have: an ETag, a generation, or inode and time. Opaque to callers. */
  readonly version: string;
  readonly modified: Date;
}

export interface PutOptions {
  /** Replace an existing object. Default: fail with `STORE_EXISTS`. */
  readonly overwrite?: boolean;
  /** Cancels the write; nothing of it stays. */
  readonly signal?: AbortSignal;
}

export interface ReadOptions {
  /** Read exactly this version, or fail with `STORE_CHANGED`. Default: whatever is there. */
  readonly version?: string;
  /** First byte, counted from 0. Default: 0. */
  readonly start?: number;
  /** How many bytes at most. Default: to the end. */
  readonly length?: number;
  readonly signal?: AbortSignal;
}

export interface HeadOptions {
  readonly signal?: AbortSignal;
}

export interface DeleteOptions {
  /** Delete only this version; another one is left and gives `STORE_CHANGED`. Default: whatever is there. */
  readonly version?: string;
  /**
   * Leave a locked object with `STORE_DENIED` also where the store would only hide it, as S3 does. It needs `version`.
   * Default: what the store does.
   */
  readonly unlessLocked?: boolean;
  readonly signal?: AbortSignal;
}

export interface Store {
  /** How a user writes the place of a key: an absolute path, or a URL with the store's settings. */
  locate(key: string): string;

  /**
   * Writes the whole of `source` to `key`. It asks the source for more only after the last chunk is taken, and
   * finishes the object only after the source has ended: what the source does last (verify, write a manifest)
   * happens before anything is visible.
   */
  put(key: string, source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredObject>;

  /**
   * The object at `key`, or `undefined` when its place (folder, bucket) is there and the object is not.
   * A place that is not there, or cannot be seen, throws: absence is only told when it is known.
   */
  head(key: string, options?: HeadOptions): Promise<StoredObject | undefined>;

  /** The bytes at `key`, in order. `STORE_NOT_FOUND` when there is no object. */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>;

  /** Objects whose key starts with `prefix`, in any number of pages. Unfinished writes are not objects. */
  list(prefix: string): AsyncIterable<StoredObject>;

  /** Removes the object. One that is already absent is a success. */
  delete(key: string, options?: DeleteOptions): Promise<void>;

  /**
   * Removes what a killed writer of ours left more than a day ago, and nothing else: beside `key`, or under a key that
   * `template` can give. Where the store throws such leavings away by itself, there is nothing to do. It is a courtesy:
   * a failure is not told.
   */
  sweep(key: string, template?: string, signal?: AbortSignal): Promise<void>;

  /** Lets go of connections. The store is not used afterwards. */
  close(): void;
}
