/**
 * Archives in Google Cloud Storage. An upload is a resumable session, which is invisible until its last chunk. The
 * service deletes the sessions of killed writers after a week.
 */

import { compact } from "../../compact";
import type { FileMetadata, Bucket as LibraryBucket } from "@google-cloud/storage";
import { EnvHttpProxyAgent, request } from "undici";
import { type Bucket, BucketStore, MARK, type MarkedObject, requestFailure, type Upload } from "../bucketStore";
import { StoreClock } from "../clock";
import type { Location } from "../backend";
import type { GoogleCredentials, StoreHints } from "../credentials";
import { changed, holderMissing, missing, type Place, placeOf, withHints } from "../failures";
import { accessTo } from "./access";
import { gcsBucket } from "./config";
import { failureOf, gcsErrors, troubleOf } from "./errors";
import { Refusal, sendChunks } from "./upload";
import type { Opened, Request } from "../pinnedRead";
import { unlessStalled } from "../stall";
import type { DeleteOptions, Store, StoredObject } from "../store";

const PAGE = 1000;

/** @param stallMs - how long a request may show no progress, over all its attempts */
export function gcsStore(
  location: Location,
  stallMs: number,
  credentials?: GoogleCredentials,
  hints?: StoreHints,
): Store {
  const bucket = gcsBucket(location, process.env, credentials);
  return new BucketStore(new GcsBucket(bucket, location, stallMs, hints), location, stallMs);
}

class GcsBucket implements Bucket {
  constructor(
    private readonly bucket: LibraryBucket,
    private readonly location: Location,
    private readonly stallMs: number,
    private readonly hints: StoreHints | undefined,
  ) {}

  private readonly clock = new StoreClock();

  /** For uploads and downloads; uses the proxies that the environment specifies. */
  private readonly agent = new EnvHttpProxyAgent({ headersTimeout: 0, bodyTimeout: 0 });

  async upload(upload: Upload, source: AsyncIterable<Uint8Array>): Promise<number> {
    const { key, mark, overwrite, signal } = upload;
    const kmsKeyName = this.location.settings.get("kmsKeyId");
    const storageClass = this.location.settings.get("storageClass");
    const file = this.bucket.file(key, compact({ kmsKeyName }));
    const begin = () =>
      file.createResumableUpload({
        metadata: compact({
          contentType: "application/octet-stream",
          metadata: { [MARK]: mark },
          storageClass,
        }),
        ...(overwrite ? {} : { preconditionOpts: { ifGenerationMatch: 0 } }),
      });
    const [session] = await this.within(begin, signal).catch((error: unknown) => {
      throw troubleOf(error).status === 404 ? holderMissing(this.place(key), troubleOf(error)) : error;
    });
    const { size, damaged } = await sendChunks(this.agent, session, source, this.stallMs, upload);
    if (damaged) {
      const made = await this.look(key);
      if (made?.mark === mark) await this.delete(key, { version: made.version });
      throw changed(this.place(key));
    }
    return size;
  }

  isTaken(error: unknown): boolean {
    return troubleOf(error).status === 412;
  }

  readonly failureOf = failureOf;

  now(): Date {
    return this.clock.now();
  }

  async look(key: string, signal?: AbortSignal): Promise<MarkedObject | undefined> {
    try {
      const [found, answer] = await this.within(() => this.bucket.file(key).getMetadata(), signal);
      this.clock.saw(dateOf(answer));
      return { ...described(key, found), mark: markOf(found) };
    } catch (error) {
      if (troubleOf(error).status !== 404) throw requestFailure(this, key, error, signal);
      await this.seeBucket(key, signal);
      return undefined;
    }
  }

  /** Only a listing distinguishes a missing object from a missing bucket. */
  private async seeBucket(key: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      const query = { prefix: key, maxResults: 1, autoPaginate: false };
      await this.within(() => this.bucket.getFiles(query), signal);
    } catch (error) {
      const trouble = troubleOf(error);
      throw trouble.status === 404 ? holderMissing(this.place(key), trouble) : requestFailure(this, key, error, signal);
    }
  }

  async open(key: string, { version, start, last }: Request, signal: AbortSignal): Promise<Opened | undefined> {
    const found = await this.look(key);
    if (found === undefined) throw missing(this.place(key));
    if (version !== undefined && found.version !== version) throw changed(this.place(key));
    const end = Math.min(last ?? found.size - 1, found.size - 1);
    if (end < start) return undefined;
    // Do not use the library's stream: it does not detect a broken connection.
    const { storage, name } = this.bucket;
    const query = new URLSearchParams({ alt: "media", generation: found.version });
    const userProject = this.location.settings.get("userProject");
    if (userProject !== undefined) query.set("userProject", userProject);
    const url = `${storage.apiEndpoint}/storage/v1/b/${name}/o/${encodeURIComponent(key)}?${query.toString()}`;
    const access = await this.access(url);
    const answer = await request(url, {
      dispatcher: this.agent,
      signal,
      headers: { ...access, range: `bytes=${start}-${end}` },
    });
    if (answer.statusCode >= 300) {
      await answer.body.dump();
      throw new Refusal(answer.statusCode);
    }
    return { version: found.version, length: end - start + 1, bytes: answer.body };
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    let pageToken: string | undefined;
    try {
      do {
        const query = compact({
          prefix,
          maxResults: PAGE,
          autoPaginate: false,
          pageToken,
        });
        const [files, next] = await this.within(() => this.bucket.getFiles(query));
        for (const file of files) yield described(file.name, file.metadata);
        pageToken = (next as { readonly pageToken?: string } | null)?.pageToken;
      } while (pageToken !== undefined);
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble.status === 404) throw holderMissing(this.place(prefix), trouble);
      throw failureOf(this.place(prefix), error);
    }
  }

  async delete(key: string, { version, signal }: DeleteOptions = {}): Promise<void> {
    if (version !== undefined) {
      const found = await this.look(key, signal);
      if (found === undefined) return;
      if (found.version !== version) throw changed(this.place(key));
    }
    try {
      await this.within(() => this.bucket.file(key).delete(compact({ ifGenerationMatch: version })), signal);
    } catch (error) {
      const { status } = troubleOf(error);
      if (status === 412) throw changed(this.place(key));
      if (status === 404) return this.seeBucket(key, signal);
      throw requestFailure(this, key, error, signal);
    }
  }

  close(): void {
    // The library closes its own connections after each request.
    void this.agent.destroy();
  }

  place(key: string): Place {
    return placeOf(this.location, withHints(gcsErrors, this.hints), key);
  }

  private within<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return unlessStalled(this.stallMs, signal, async () => {
      await this.access(this.bucket.storage.apiEndpoint);
      return work();
    });
  }

  private access(url: string): Promise<Record<string, string>> {
    return accessTo(this.bucket, url, this.location.settings.has("endpoint"));
  }
}

function described(key: string, metadata: FileMetadata): StoredObject {
  return {
    key,
    size: Number(metadata.size ?? 0),
    version: String(metadata.generation ?? ""),
    modified: new Date(metadata.updated ?? 0),
  };
}

/** The `Date` header of a response. Depending on the library version, its headers are an object or a `Headers`. */
function dateOf(answer: unknown): unknown {
  const headers = (answer as { readonly headers?: unknown } | undefined)?.headers;
  return headers instanceof Headers ? headers.get("date") : (headers as { readonly date?: unknown } | undefined)?.date;
}

function markOf({ metadata }: FileMetadata): string | undefined {
  const mark = metadata?.[MARK];
  return typeof mark === "string" ? mark : undefined;
}
