/**
 * Archives in Azure Blob Storage. An upload is a number of staged blocks, which nobody sees, and one request that makes
 * a blob of them. Blocks that a killed writer left are thrown away by the service after a week.
 */

import { createHash, randomBytes } from "node:crypto";
import type { BlobDownloadResponseParsed, ContainerClient } from "@azure/storage-blob";
import { SnapshotError } from "../errors";
import { azureContainer } from "./azureclient";
import { changed, failure, interrupted, missing, type Place, type Trouble } from "./failures";
import { formatLocation, type Location } from "./location";
import { PartMemory, partsOf, sendAll, untilAborted } from "./parts";
import { type Opened, readPinned, type Request } from "./reading";
import { word } from "./settings";
import { unlessStalled } from "./stall";
import type { DeleteOptions, HeadOptions, PutOptions, ReadOptions, Store, StoredObject } from "./store";
import { type Bucket, MARK, type Marked, putMarked, unmarked, type Write } from "./writing";

const PART = 8 * 1024 * 1024;
const PARALLEL = 4;
const PAGE = 1000;

/** @param stallMs - how long a request may show no progress, over all its tries */
export function azureStore(location: Location, stallMs: number): Store {
  return new AzureStore(azureContainer(location), location, stallMs);
}

class AzureStore implements Store, Bucket {
  constructor(
    private readonly container: ContainerClient,
    private readonly location: Location,
    private readonly stallMs: number,
  ) {}

  locate(key: string): string {
    return formatLocation(this.location, key);
  }

  put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredObject> {
    return putMarked(this, key, source, options);
  }

  async upload(write: Write, source: AsyncIterable<Uint8Array>): Promise<number> {
    const blob = this.container.getBlockBlobClient(write.key);
    // Two writers of one name share its staged blocks: each has names of its own, all of one length.
    const prefix = randomBytes(8).toString("hex");
    let size = 0;
    const scope = this.location.settings.get("encryptionScope");
    const encryption = scope === undefined ? {} : { encryptionScope: scope };
    const memory = new PartMemory(PART);
    const parts = partsOf(untilAborted(source, write.signal), memory);
    const blocks = await sendAll(parts, PARALLEL, write.signal, async (part, number, partSignal) => {
      size += part.length;
      const id = Buffer.from(`${prefix}-${String(number).padStart(6, "0")}`).toString("base64");
      await this.within(partSignal, (abortSignal, onProgress) =>
        blob.stageBlock(id, part, part.length, {
          abortSignal,
          onProgress,
          transactionalContentMD5: createHash("md5").update(part).digest(),
          ...encryption,
        }),
      );
      memory.give(part);
      return id;
    });
    const tier = word(this.location.settings, "azblob", "storageClass");
    await this.within(write.signal, (abortSignal) =>
      blob.commitBlockList(blocks, {
        abortSignal,
        blobHTTPHeaders: { blobContentType: "application/octet-stream" },
        metadata: { [MARK]: write.mark },
        ...(write.overwrite ? {} : { conditions: { ifNoneMatch: "*" } }),
        ...(tier === undefined ? {} : { tier }),
        ...encryption,
      }),
    );
    return size;
  }

  isTaken(error: unknown): boolean {
    const { status, code } = troubleOf(error);
    return status === 412 || code === "BlobAlreadyExists";
  }

  readonly failureOf = failureOf;

  async head(key: string, { signal }: HeadOptions = {}): Promise<StoredObject | undefined> {
    const found = await this.look(key, signal);
    return found && unmarked(found);
  }

  async look(key: string, signal?: AbortSignal): Promise<Marked | undefined> {
    try {
      const found = await this.within(signal, (abortSignal) =>
        this.container.getBlobClient(key).getProperties({ abortSignal }),
      );
      return {
        key,
        size: found.contentLength ?? 0,
        version: versionOf(found.etag),
        modified: found.lastModified ?? new Date(0),
        mark: found.metadata?.[MARK],
      };
    } catch (error) {
      if (troubleOf(error).code === "BlobNotFound") return undefined;
      throw this.broken(key, error, signal);
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

  private async open(
    key: string,
    { version, start, last }: Request,
    abortSignal: AbortSignal,
  ): Promise<Opened | undefined> {
    const place = this.place(key);
    let answer: BlobDownloadResponseParsed;
    try {
      answer = await this.container
        .getBlobClient(key)
        .download(start, last === undefined ? undefined : last - start + 1, {
          abortSignal,
          // Taken up again by whoever reads.
          maxRetryRequests: 0,
          ...(version === undefined ? {} : { conditions: { ifMatch: version } }),
        });
    } catch (error) {
      const { status, code } = troubleOf(error);
      if (status === 416) return undefined;
      if (status === 412 && (await this.look(key)) !== undefined) throw changed(place);
      if (status === 412 || code === "BlobNotFound") throw missing(place);
      throw error;
    }
    if (answer.readableStreamBody === undefined) return undefined;
    return {
      version: versionOf(answer.etag),
      length: answer.contentLength ?? 0,
      bytes: answer.readableStreamBody as AsyncIterable<Buffer>,
    };
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const leaving = new AbortController();
    const asked = this.container.listBlobsFlat({ prefix, abortSignal: leaving.signal });
    const pages = asked.byPage({ maxPageSize: PAGE });
    try {
      for (;;) {
        const next = await this.within(undefined, () => pages.next());
        if (next.done === true) return;
        for (const { name, properties } of next.value.segment.blobItems) {
          yield {
            key: name,
            size: properties.contentLength ?? 0,
            version: versionOf(properties.etag),
            modified: properties.lastModified,
          };
        }
      }
    } catch (error) {
      throw failureOf(this.place(prefix), error);
    } finally {
      leaving.abort();
    }
  }

  async delete(key: string, { version, signal }: DeleteOptions = {}): Promise<void> {
    try {
      await this.within(signal, (abortSignal) =>
        this.container.getBlobClient(key).delete({
          abortSignal,
          deleteSnapshots: "include",
          ...(version === undefined ? {} : { conditions: { ifMatch: version } }),
        }),
      );
    } catch (error) {
      const { status, code } = troubleOf(error);
      if (code === "BlobNotFound") return;
      if (status !== 412) throw this.broken(key, error, signal);
      if ((await this.look(key, signal)) !== undefined) throw changed(this.place(key));
    }
  }

  sweep(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    // The library closes its idle connections by itself.
  }

  place(key: string): Place {
    return {
      object: `azblob://${this.location.bucket}/${key}`,
      holder: `container azblob://${this.location.bucket}`,
      access:
        "Check the credentials that Azure tools find here (AZURE_STORAGE_* variables, workload or managed identity, az login), and that they may list, read and write blobs (Storage Blob Data Contributor).",
    };
  }

  private within<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal, progress: () => void) => Promise<T>,
  ): Promise<T> {
    return unlessStalled(this.stallMs, signal, work);
  }
}

/** Listings leave out the quotation marks that conditions want. */
function versionOf(etag: string | undefined): string {
  return `"${(etag ?? "").replaceAll('"', "")}"`;
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return { code: "" };
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
  // An answer without a body tells its reason in a header.
  const details: unknown = "details" in error ? error.details : undefined;
  const told =
    typeof details === "object" && details !== null && "errorCode" in details ? details.errorCode : undefined;
  const own = "code" in error && typeof error.code === "string" ? error.code : error.name;
  const code = typeof told === "string" ? told : own;
  return status === undefined ? { code } : { status, code };
}

function failureOf(place: Place, error: unknown): SnapshotError {
  return error instanceof SnapshotError ? error : failure(place, troubleOf(error));
}
