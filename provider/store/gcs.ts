/**
 * Archives in Google Cloud Storage. An upload is a resumable session, which nobody sees until its last chunk; sessions
 * that a killed writer left are thrown away by the service after a week.
 */

import type { Bucket as GcsBucket, FileMetadata } from "@google-cloud/storage";
import { EnvHttpProxyAgent, request } from "undici";
import { SnapshotError } from "../errors";
import { changed, failure, holderMissing, interrupted, missing, type Place, type Trouble } from "./failures";
import { accessTo, NoAccess } from "./gcsaccess";
import { gcsBucket } from "./gcsclient";
import { type Reasons, Refusal, sendChunks } from "./gcsupload";
import { formatLocation, type Location } from "./location";
import { type Opened, readPinned, type Request } from "./reading";
import { unlessStalled } from "./stall";
import type { DeleteOptions, HeadOptions, PutOptions, ReadOptions, Store, StoredObject } from "./store";
import { type Bucket, MARK, type Marked, putMarked, unmarked, type Write } from "./writing";

const PAGE = 1000;

/** @param stallMs - how long a request may show no progress, over all its tries */
export function gcsStore(location: Location, stallMs: number): Store {
  return new GcsStore(gcsBucket(location), location, stallMs);
}

class GcsStore implements Store, Bucket {
  constructor(
    private readonly bucket: GcsBucket,
    private readonly location: Location,
    private readonly stallMs: number,
  ) {}

  /** For the bytes themselves, to and fro; proxies are those that the environment names. */
  private readonly agent = new EnvHttpProxyAgent({ headersTimeout: 0, bodyTimeout: 0 });

  locate(key: string): string {
    return formatLocation(this.location, key);
  }

  put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredObject> {
    return putMarked(this, key, source, options);
  }

  async upload({ key, mark, overwrite, signal }: Write, source: AsyncIterable<Uint8Array>): Promise<number> {
    const kmsKeyName = this.location.settings.get("kmsKeyId");
    const storageClass = this.location.settings.get("storageClass");
    const file = this.bucket.file(key, kmsKeyName === undefined ? {} : { kmsKeyName });
    const begin = () =>
      file.createResumableUpload({
        metadata: {
          contentType: "application/octet-stream",
          metadata: { [MARK]: mark },
          ...(storageClass === undefined ? {} : { storageClass }),
        },
        ...(overwrite ? {} : { preconditionOpts: { ifGenerationMatch: 0 } }),
      });
    const [session] = await this.within(begin, signal).catch((error: unknown) => {
      throw troubleOf(error).status === 404 ? holderMissing(this.place(key), troubleOf(error)) : error;
    });
    const { size, damaged } = await sendChunks(this.agent, session, source, this.stallMs, signal);
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

  async head(key: string, { signal }: HeadOptions = {}): Promise<StoredObject | undefined> {
    const found = await this.look(key, signal);
    return found && unmarked(found);
  }

  async look(key: string, signal?: AbortSignal): Promise<Marked | undefined> {
    try {
      const [found] = await this.within(() => this.bucket.file(key).getMetadata(), signal);
      return { ...described(key, found), mark: markOf(found) };
    } catch (error) {
      if (troubleOf(error).status !== 404) throw this.broken(key, error, signal);
      await this.seeBucket(key, signal);
      return undefined;
    }
  }

  /** An object's absence and its bucket's are told apart by a listing only. */
  private async seeBucket(key: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      const query = { prefix: key, maxResults: 1, autoPaginate: false };
      await this.within(() => this.bucket.getFiles(query), signal);
    } catch (error) {
      const trouble = troubleOf(error);
      throw trouble.status === 404 ? holderMissing(this.place(key), trouble) : this.broken(key, error, signal);
    }
  }

  private broken(key: string, error: unknown, signal: AbortSignal | undefined): SnapshotError {
    const place = this.place(key);
    return signal?.aborted === true ? interrupted(place.object) : failureOf(place, error);
  }

  read(key: string, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
    return readPinned(
      options,
      this.stallMs,
      (request, signal) => this.open(key, request, signal),
      (error) => this.broken(key, error, options.signal),
    );
  }

  private async open(key: string, { version, start, last }: Request, signal: AbortSignal): Promise<Opened | undefined> {
    const found = await this.head(key);
    if (found === undefined) throw missing(this.place(key));
    if (version !== undefined && found.version !== version) throw changed(this.place(key));
    const end = Math.min(last ?? found.size - 1, found.size - 1);
    if (end < start) return undefined;
    // Not through the library's stream, which does not notice when a connection breaks.
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
        const query = {
          prefix,
          maxResults: PAGE,
          autoPaginate: false,
          ...(pageToken === undefined ? {} : { pageToken }),
        };
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
      await this.within(
        () => this.bucket.file(key).delete({ ...(version === undefined ? {} : { ifGenerationMatch: version }) }),
        signal,
      );
    } catch (error) {
      const { status } = troubleOf(error);
      if (status === 412) throw changed(this.place(key));
      if (status === 404) return this.seeBucket(key, signal);
      throw this.broken(key, error, signal);
    }
  }

  sweep(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    // The library closes its own connections after each request.
    void this.agent.destroy();
  }

  place(key: string): Place {
    return {
      object: `gs://${this.location.bucket}/${key}`,
      holder: `bucket gs://${this.location.bucket}`,
      access:
        "Check the credentials that Google's tools find here (GOOGLE_CREDENTIALS, GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login, the machine's account), and that they may list, get and create objects (Storage Object User).",
    };
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

function markOf({ metadata }: FileMetadata): string | undefined {
  const mark = metadata?.[MARK];
  return typeof mark === "string" ? mark : undefined;
}

/**
 * The library has two kinds of errors. Each has the HTTP status for a code or status, sometimes as text; the server's
 * reason is in the error, or in the answer that comes with it.
 */
function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return { code: "" };
  const told = error as Error & {
    readonly code?: unknown;
    readonly status?: unknown;
    readonly errors?: Reasons;
    readonly response?: { readonly data?: { readonly error?: { readonly errors?: Reasons } } };
  };
  const code = told.code ?? told.status;
  const status = /^[1-5]\d\d$/.test(String(code)) ? Number(code) : undefined;
  if (status === undefined) return { code: typeof code === "string" ? code : error.name };
  const reason = (told.errors ?? told.response?.data?.error?.errors)?.[0]?.reason ?? "";
  return { status, code: /^[\w.-]+$/.test(reason) ? reason : "" };
}

function failureOf(place: Place, error: unknown): SnapshotError {
  if (error instanceof NoAccess) return error.toFailure(place);
  return error instanceof SnapshotError ? error : failure(place, troubleOf(error));
}
