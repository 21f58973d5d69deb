/**
 * Implements the contract of a store for any bucket. A cloud implements only the interface `Bucket`; everything else is
 * here: look first, upload, look again.
 *
 * Each writer marks its object with a random string in the object's metadata. If the response to the request that makes
 * the object visible is lost, the mark shows whether the object at that key is this writer's.
 */

import { randomBytes } from "node:crypto";
import { unlessAborted } from "../abort";
import { sha256Of } from "./sha256";
import { compact } from "../compact";
import { SnapshotError } from "../errors";
import type { Location } from "./backend";
import { formatBucketUrl } from "./bucketUrl";
import { changed, exists, interrupted, type Place, wrongSize } from "./failures";
import { type Opened, readPinned, type Request } from "./pinnedRead";
import { TIDY_MS } from "./stall";
import type { DeleteOptions, HeadOptions, PutOptions, ReadOptions, Store, StoredObject } from "./store";

/** The name of the mark in an object's metadata; Azure requires an identifier. */
export const MARK = "consulsnapshotupload";

/** One upload to a bucket. */
export interface Upload {
  readonly key: string;
  readonly mark: string;
  /** Whether to replace an existing object; otherwise the last request must fail if there is one. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  /** Await it once, after the source has ended and just before the request that makes the object visible. */
  readonly beforeVisible: () => Promise<void>;
  /** The signal for cleanup requests after a failure; its time limit starts with the first call. */
  readonly tidying: () => AbortSignal;
}

export interface MarkedObject extends StoredObject {
  readonly mark: string | undefined;
}

/** The operations that a cloud must implement. */
export interface Bucket {
  place(key: string): Place;
  /** The object at `key`, or `undefined` if the bucket exists and the object does not. */
  look(key: string, signal?: AbortSignal): Promise<MarkedObject | undefined>;
  /** Sends the whole source, and returns its length in bytes. */
  upload(upload: Upload, source: AsyncIterable<Uint8Array>): Promise<number>;
  /** Opens the object for reading; `undefined` if it has no bytes from `start` on. */
  open(key: string, request: Request, signal: AbortSignal): Promise<Opened | undefined>;
  list(prefix: string): AsyncIterable<StoredObject>;
  delete(key: string, options: DeleteOptions): Promise<void>;
  /** The current time of the service, from its last response to `look`. */
  now(): Date;
  /** Whether an error means that the object already exists. */
  isTaken(error: unknown): boolean;
  failureOf(place: Place, error: unknown): SnapshotError;
  /** Default: the service removes unfinished uploads itself. */
  sweep?(key: string, template?: string, signal?: AbortSignal): Promise<void>;
  /** Default: the library closes its idle connections itself. */
  close?(): void;
}

export class BucketStore implements Store {
  readonly #bucket: Bucket;
  readonly #location: Location;
  readonly #stallMs: number;

  /** @param stallMs - how long a request may make no progress, over all its attempts */
  constructor(bucket: Bucket, location: Location, stallMs: number) {
    this.#bucket = bucket;
    this.#location = location;
    this.#stallMs = stallMs;
  }

  locate(key: string): string {
    return formatBucketUrl(this.#location, key);
  }

  async put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredObject> {
    const bucket = this.#bucket;
    const place = bucket.place(key);
    const signal = options.signal ?? new AbortController().signal;
    let tidying: AbortSignal | undefined;
    const writer = new Writer(source, options.beforeVisible);
    const upload: Upload = {
      key,
      mark: randomBytes(16).toString("hex"),
      overwrite: options.overwrite === true,
      signal,
      beforeVisible: () => unlessAborted(writer.finish(), signal),
      tidying: () => (tidying ??= AbortSignal.timeout(TIDY_MS)),
    };
    let visible = false;
    try {
      if (signal.aborted) throw interrupted(place.object);
      if (!upload.overwrite && (await bucket.look(key, signal)) !== undefined) throw exists(place);
      const sent = await this.#uploadSurely(upload, writer);
      visible = true;
      // With `overwrite` the previous object is gone, so it is too late to cancel: the new object stays.
      const stored = await bucket.look(key, upload.overwrite ? undefined : signal);
      // A server that does not store metadata returns no mark.
      if (stored === undefined || (stored.mark ?? upload.mark) !== upload.mark) throw changed(place);
      if (stored.size !== sent) {
        await bucket.delete(key, { version: stored.version, signal: upload.tidying() }).catch(() => undefined);
        throw wrongSize(place, sent, stored.size);
      }
      return unmarked(stored);
    } catch (error) {
      if (writer.failure !== undefined) throw writer.failure.error;
      if (signal.aborted) {
        if (visible && !upload.overwrite) await this.#takeBack(upload);
        throw interrupted(place.object);
      }
      throw bucket.failureOf(place, error);
    }
  }

  /** Uploads. If the request that makes the object visible fails, checks whether the object exists nevertheless. */
  async #uploadSurely(upload: Upload, writer: Writer): Promise<number> {
    const bucket = this.#bucket;
    try {
      return await bucket.upload(upload, writer);
    } catch (error) {
      // A SnapshotError is a definite failure, not a lost response.
      if (!writer.finished || error instanceof SnapshotError) throw error;
      if (upload.signal.aborted && !upload.overwrite) {
        await this.#takeBack(upload);
        throw error;
      }
      // Use a separate time limit: aborting the upload may have used up the other one.
      if ((await this.#own(upload, AbortSignal.timeout(TIDY_MS))) !== undefined) return writer.length;
      if (!upload.overwrite && bucket.isTaken(error)) throw exists(bucket.place(upload.key));
      throw error;
    }
  }

  /** The object that this writer has made visible, if the store answers in time. */
  async #own({ key, mark }: Upload, signal: AbortSignal): Promise<MarkedObject | undefined> {
    const there = await this.#bucket.look(key, signal).catch(() => undefined);
    return there?.mark === mark ? there : undefined;
  }

  /** Deletes the object if the cancellation came after it became visible. */
  async #takeBack(upload: Upload): Promise<void> {
    const own = await this.#own(upload, upload.tidying());
    if (own === undefined) return;
    await this.#bucket.delete(upload.key, { version: own.version, signal: upload.tidying() }).catch(() => undefined);
  }

  async head(key: string, { signal }: HeadOptions = {}): Promise<StoredObject | undefined> {
    const found = await this.#bucket.look(key, signal);
    return found && unmarked(found);
  }

  read(key: string, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
    return readPinned(
      options,
      this.#stallMs,
      (request, signal) => this.#bucket.open(key, request, signal),
      (error) => requestFailure(this.#bucket, key, error, options.signal),
    );
  }

  list(prefix: string): AsyncIterable<StoredObject> {
    return this.#bucket.list(prefix);
  }

  async delete(key: string, { sha256, ...options }: DeleteOptions = {}): Promise<void> {
    if (sha256 === undefined) return this.#bucket.delete(key, options);
    const { signal } = options;
    const found = await this.#bucket.look(key, signal);
    if (found === undefined) return;
    const version = options.version ?? found.version;
    if ((await sha256Of(this.read(key, compact({ version, signal })))) !== sha256)
      throw changed(this.#bucket.place(key));
    // Delete only the version whose bytes were read.
    return this.#bucket.delete(key, { ...options, version });
  }

  async now(key: string, { signal }: HeadOptions = {}): Promise<Date> {
    await this.#bucket.look(key, signal).catch(() => undefined);
    return this.#bucket.now();
  }

  async sweep(key: string, template?: string, signal?: AbortSignal): Promise<void> {
    await this.#bucket.sweep?.(key, template, signal);
  }

  close(): void {
    this.#bucket.close?.();
  }
}

/** Translates an error of a request. A cancellation takes precedence over the request's own error. */
export function requestFailure(bucket: Bucket, key: string, error: unknown, signal?: AbortSignal): SnapshotError {
  const place = bucket.place(key);
  return signal?.aborted === true ? interrupted(place.object) : bucket.failureOf(place, error);
}

function unmarked({ key, size, version, modified }: MarkedObject): StoredObject {
  return { key, size, version, modified };
}

/**
 * The caller's side of an upload: its source and `beforeVisible`. Their errors are passed on unchanged, and not
 * reported as errors of the store.
 */
class Writer implements AsyncIterable<Uint8Array> {
  failure: { readonly error: unknown } | undefined;
  /** Whether `beforeVisible` has finished: from then on the object may be visible. */
  finished = false;
  /** Bytes read from the source so far. */
  length = 0;
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #lastStep: (() => Promise<void>) | undefined;

  constructor(source: AsyncIterable<Uint8Array>, lastStep: (() => Promise<void>) | undefined) {
    this.#source = source;
    this.#lastStep = lastStep;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#source) {
        this.length += chunk.length;
        yield chunk;
      }
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#lastStep?.();
      this.finished = true;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}
