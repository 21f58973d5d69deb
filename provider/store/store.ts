/**
 * A store keeps archives in a folder or a bucket. This file is its contract; every store passes the same test suite.
 *
 * What every store promises:
 * - **Whole or absent.** Nothing is visible at a key before the source has ended without an error and every byte is
 *   durable. A source that fails, a canceled run, a killed process or a full disk leaves no object.
 * - **No clobbering.** Without `overwrite` an existing object is never replaced, even if two writers race: one wins,
 *   the other gets `STORE_EXISTS`.
 * - **Backpressure.** A source is read no faster than the store accepts it; memory does not grow with its length.
 * - **Pinned reading.** A read that specifies a version returns bytes of that version or fails with `STORE_CHANGED`.
 * - **Plain failures.** Everything thrown is a `SnapshotError` with a `STORE_*` or `TARGET_INVALID` code, with the
 *   location and without credentials. A store that does not respond fails with `STORE_STALLED` within its limit; the
 *   cleanup after a failed or canceled write takes at most `TIDY_MS`.
 */

export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the bytes may have: an ETag, a generation, or inode and time. Opaque to callers. */
  readonly version: string;
  readonly modified: Date;
  /**
   * When the file's bytes, times, owner or names last changed, which programs cannot set on Unix: unlike `modified`, which a
   * file's `version` contains. Buckets have none.
   */
  readonly changed?: Date;
}

export interface PutOptions {
  /** Replace an existing object. Default: fail with `STORE_EXISTS`. */
  readonly overwrite?: boolean;
  /** Cancels the write; nothing remains. */
  readonly signal?: AbortSignal;
  /**
   * Called once, after the source has ended without a failure and every byte that can be stored while nothing is visible
   * has been stored; the next request makes the object visible. If it fails, the write fails with the same error and
   * nothing becomes visible.
   */
  readonly beforeVisible?: () => Promise<void>;
}

export interface ReadOptions {
  /** Read exactly this version, or fail with `STORE_CHANGED`. Default: the current version. */
  readonly version?: string;
  /** First byte, counted from 0. Default: 0. */
  readonly start?: number;
  /** Maximum number of bytes. Default: to the end. */
  readonly length?: number;
  readonly signal?: AbortSignal;
}

export interface HeadOptions {
  readonly signal?: AbortSignal;
}

export interface DeleteOptions {
  /**
   * Delete only this version; if the object has another one, it stays, and the call fails with `STORE_CHANGED`.
   * Default: any.
   */
  readonly version?: string;
  /**
   * Delete the object only if its bytes have this SHA-256, in hexadecimal; otherwise it stays, and the call fails with
   * `STORE_CHANGED`. The object is read to compare. Use it for archives that a retention policy deletes. Default: the
   * bytes are not compared.
   */
  readonly sha256?: string;
  /**
   * Fail with `STORE_DENIED` for a locked object, even if the store would only hide it, as S3 does. Requires `version`.
   * Default: the store's behavior.
   */
  readonly unlessLocked?: boolean;
  readonly signal?: AbortSignal;
}

export interface Store {
  /** The location of a key as a user writes it: an absolute path, or a URL with the store's settings. */
  locate(key: string): string;

  /**
   * Writes all of `source` to `key`. It requests the next chunk only when it is done with the last one, whose memory
   * the source may then reuse. It makes the object visible only after the source has ended and `beforeVisible` has
   * succeeded.
   */
  put(key: string, source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredObject>;

  /**
   * The object at `key`, or `undefined` if its place (folder, bucket) exists and the object does not. It throws if the
   * place does not exist or cannot be read: absence is reported only if it is certain.
   */
  head(key: string, options?: HeadOptions): Promise<StoredObject | undefined>;

  /**
   * The bytes at `key`, in order. Each piece remains valid after the next is requested. `STORE_NOT_FOUND` if there is
   * no object.
   */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>;

  /**
   * Objects whose key starts with `prefix`, in any number of pages. Unfinished writes are not objects.
   *
   * @param onUnreadableName - called for each file or folder that is left out because its name is not UTF-8, so that no
   * key can name it
   */
  list(prefix: string, onUnreadableName?: () => void): AsyncIterable<StoredObject>;

  /** Removes the object. Succeeds if it is already absent. */
  delete(key: string, options?: DeleteOptions): Promise<void>;

  /**
   * Removes unfinished uploads of our own killed writers that are more than a day old, and nothing else: beside `key`,
   * or under a key that `template` can produce. It does nothing if the store removes unfinished uploads by itself. It
   * is best effort: failures are not reported.
   */
  sweep(key: string, template?: string, signal?: AbortSignal): Promise<void>;

  /**
   * The current time of the clock that `modified` comes from, near `key`, for computing ages. It never fails: if the
   * store's time is unknown, it is the time of this machine.
   */
  now(key: string, options?: HeadOptions): Promise<Date>;

  /** Closes connections. The store must not be used afterwards. */
  close(): void;
}
