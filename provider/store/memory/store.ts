/** Objects in the memory of this process. Stores with the same bucket name share their objects. */

import { untilAborted } from "../../abort";
import { SnapshotError } from "../../errors";
import type { Location } from "../backend";
import { type Bucket, BucketStore, type MarkedObject, type Upload } from "../bucketStore";
import { changed, type ErrorTable, exists, missing, placeOf, unreachable } from "../failures";
import type { Opened, Request } from "../pinnedRead";
import type { DeleteOptions, Store, StoredObject } from "../store";

interface MemoryObject extends MarkedObject {
  readonly bytes: Buffer;
}

const errors: ErrorTable = { holder: "bucket", credentialsHelp: "Memory denies nothing." };
const buckets = new Map<string, Map<string, MemoryObject>>();
let versions = 0;

export function memoryStore(location: Location, stallMs: number): Store {
  const objects = buckets.get(location.bucket) ?? new Map<string, MemoryObject>();
  buckets.set(location.bucket, objects);
  return new BucketStore(new MemoryBucket(objects, location), location, stallMs);
}

class MemoryBucket implements Bucket {
  readonly #objects: Map<string, MemoryObject>;
  readonly #location: Location;

  constructor(objects: Map<string, MemoryObject>, location: Location) {
    this.#objects = objects;
    this.#location = location;
  }

  place(key: string) {
    return placeOf(this.#location, errors, key);
  }

  look(key: string): Promise<MarkedObject | undefined> {
    return Promise.resolve(this.#objects.get(key));
  }

  async upload(upload: Upload, source: AsyncIterable<Uint8Array>): Promise<number> {
    const { key, mark } = upload;
    const chunks: Buffer[] = [];
    for await (const chunk of untilAborted(source, upload.signal)) chunks.push(Buffer.from(chunk));
    const bytes = Buffer.concat(chunks);
    await upload.beforeVisible();
    if (!upload.overwrite && this.#objects.has(key)) throw exists(this.place(key));
    const version = String(++versions);
    this.#objects.set(key, { key, mark, bytes, size: bytes.length, version, modified: new Date() });
    return bytes.length;
  }

  open(key: string, { version, start, last }: Request): Promise<Opened | undefined> {
    const found = this.#objects.get(key);
    if (found === undefined) return Promise.reject(missing(this.place(key)));
    if (version !== undefined && found.version !== version) return Promise.reject(changed(this.place(key)));
    const bytes = found.bytes.subarray(start, last === undefined ? undefined : last + 1);
    return Promise.resolve({ version: found.version, length: bytes.length, bytes: pieces(bytes) });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a listing is an async iterable
  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for (const { key, size, version, modified } of [...this.#objects.values()]) {
      if (key.startsWith(prefix)) yield { key, size, version, modified };
    }
  }

  delete(key: string, { version }: DeleteOptions): Promise<void> {
    const found = this.#objects.get(key);
    if (found !== undefined && version !== undefined && found.version !== version) {
      return Promise.reject(changed(this.place(key)));
    }
    this.#objects.delete(key);
    return Promise.resolve();
  }

  now(): Date {
    return new Date();
  }

  isTaken(): boolean {
    return false;
  }

  failureOf(place: ReturnType<typeof placeOf>, error: unknown): SnapshotError {
    return error instanceof SnapshotError ? error : unreachable(place, { code: "" });
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- an answer's bytes are an async iterable
async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
