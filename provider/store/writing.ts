/**
 * What every bucket's `put` has in common: look first, upload, look again.
 *
 * Each writer marks its object with a random text in the object's metadata. When the answer to the request that makes
 * it visible is lost, the mark tells whether the object that is there is this writer's own.
 */

import { randomBytes } from "node:crypto";
import { SnapshotError } from "../errors";
import { changed, exists, interrupted, type Place, wrongSize } from "./failures";
import { TIDY_MS } from "./stall";
import type { DeleteOptions, PutOptions, StoredObject } from "./store";

/** The metadata's name; Azure wants an identifier. */
export const MARK = "consulsnapshotupload";

/** One object on its way to a bucket. */
export interface Write {
  readonly key: string;
  readonly mark: string;
  /** Whether to replace what is there; otherwise the last request must fail if anything is. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  /** For what is asked after a failure; the time for that begins with the first call. */
  readonly tidying: () => AbortSignal;
}

export interface Marked extends StoredObject {
  readonly mark: string | undefined;
}

export interface Bucket {
  place(key: string): Place;
  look(key: string, signal?: AbortSignal): Promise<Marked | undefined>;
  delete(key: string, options: DeleteOptions): Promise<void>;
  /** Sends the whole source and gives its length; nothing is visible before the source has ended. */
  upload(write: Write, source: AsyncIterable<Uint8Array>): Promise<number>;
  /** Whether an error says that the object was there already. */
  isTaken(error: unknown): boolean;
  failureOf(place: Place, error: unknown): SnapshotError;
}

/** Puts an object into a bucket as `Store.put` promises. */
export async function putMarked(
  bucket: Bucket,
  key: string,
  source: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<StoredObject> {
  const place = bucket.place(key);
  const signal = options.signal ?? new AbortController().signal;
  let tidying: AbortSignal | undefined;
  const write: Write = {
    key,
    mark: randomBytes(16).toString("hex"),
    overwrite: options.overwrite === true,
    signal,
    tidying: () => (tidying ??= AbortSignal.timeout(TIDY_MS)),
  };
  const tracked = new Source(source);
  let visible = false;
  try {
    if (signal.aborted) throw interrupted(place.object);
    if (!write.overwrite && (await bucket.look(key, signal)) !== undefined) throw exists(place);
    const sent = await uploadSurely(bucket, write, tracked);
    visible = true;
    // What was there before is gone: a wish to stop is too late, and the new one stays.
    const stored = await bucket.look(key, write.overwrite ? undefined : signal);
    // A server that keeps no metadata gives no mark.
    if (stored === undefined || (stored.mark ?? write.mark) !== write.mark) throw changed(place);
    if (stored.size !== sent) {
      await bucket.delete(key, { version: stored.version, signal: write.tidying() }).catch(() => undefined);
      throw wrongSize(place, sent, stored.size);
    }
    return unmarked(stored);
  } catch (error) {
    if (tracked.failure !== undefined) throw tracked.failure.error;
    if (signal.aborted) {
      if (visible && !write.overwrite) await takeBack(bucket, write);
      throw interrupted(place.object);
    }
    throw bucket.failureOf(place, error);
  }
}

/** Uploads; when that fails after the source has ended, finds out whether the object is there all the same. */
async function uploadSurely(bucket: Bucket, write: Write, source: Source): Promise<number> {
  try {
    return await bucket.upload(write, source);
  } catch (error) {
    // What the upload itself has judged is no lost answer.
    if (!source.ended || error instanceof SnapshotError) throw error;
    if (write.signal.aborted && !write.overwrite) {
      await takeBack(bucket, write);
      throw error;
    }
    // A time of its own: giving up the upload may have used the other.
    if ((await ownOf(bucket, write, AbortSignal.timeout(TIDY_MS))) !== undefined) return source.length;
    if (!write.overwrite && bucket.isTaken(error)) throw exists(bucket.place(write.key));
    throw error;
  }
}

/** What this writer has made visible, as far as the store tells in time. */
async function ownOf(bucket: Bucket, { key, mark }: Write, signal: AbortSignal): Promise<Marked | undefined> {
  const there = await bucket.look(key, signal).catch(() => undefined);
  return there?.mark === mark ? there : undefined;
}

/** The wish to stop came too late. */
async function takeBack(bucket: Bucket, write: Write): Promise<void> {
  const own = await ownOf(bucket, write, write.tidying());
  if (own === undefined) return;
  await bucket.delete(write.key, { version: own.version, signal: write.tidying() }).catch(() => undefined);
}

export function unmarked({ key, size, version, modified }: Marked): StoredObject {
  return { key, size, version, modified };
}

/** A stream that remembers how it went: its failure is told as it is, and is no store's. */
class Source implements AsyncIterable<Uint8Array> {
  failure: { readonly error: unknown } | undefined;
  ended = false;
  /** Bytes that went by. */
  length = 0;

  constructor(private readonly chunks: AsyncIterable<Uint8Array>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.chunks) {
        this.length += chunk.length;
        yield chunk;
      }
      this.ended = true;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}
