/**
 * Archives in Azure Blob Storage. An upload stages blocks, which are invisible, and commits them as a blob with one
 * request. The service deletes the uncommitted blocks of a killed writer after a week.
 */

import { compact } from "../../compact";
import { untilAborted } from "../../abort";
import { createHash, randomBytes } from "node:crypto";
import type { BlobDownloadResponseParsed, ContainerClient } from "@azure/storage-blob";
import { azureContainer, azureSettings } from "./config";
import { azureErrors, failureOf, troubleOf } from "./errors";
import { type Bucket, BucketStore, MARK, type MarkedObject, requestFailure, type Upload } from "../bucketStore";
import { StoreClock } from "../clock";
import type { Location } from "../backend";
import { normalizeEtag } from "../etag";
import type { AzureCredentials, StoreHints } from "../credentials";
import { changed, missing, type Place, placeOf, withHints } from "../failures";
import { PartMemory, partsOf, sendAll } from "../multipart";
import type { Opened, Request } from "../pinnedRead";
import { word } from "../settings";
import { unlessStalled } from "../stall";
import type { DeleteOptions, Store, StoredObject } from "../store";

const PARALLEL = 4;
const PAGE = 1000;

/** @param stallMs - how long a request may show no progress, over all its attempts */
export function azureStore(
  location: Location,
  stallMs: number,
  credentials?: AzureCredentials,
  hints?: StoreHints,
): Store {
  const container = azureContainer(location, process.env, credentials, hints);
  return new BucketStore(new AzureBucket(container, location, stallMs, hints), location, stallMs);
}

class AzureBucket implements Bucket {
  constructor(
    private readonly container: ContainerClient,
    private readonly location: Location,
    private readonly stallMs: number,
    private readonly hints: StoreHints | undefined,
  ) {}

  private readonly clock = new StoreClock();

  async upload(upload: Upload, source: AsyncIterable<Uint8Array>): Promise<number> {
    const blob = this.container.getBlockBlobClient(upload.key);
    // Two writers of one blob share its staged blocks, so each writer uses its own block names. All must have the same
    // length.
    const prefix = randomBytes(8).toString("hex");
    let size = 0;
    const scope = this.location.settings.get("encryptionScope");
    const encryption = compact({ encryptionScope: scope });
    const memory = new PartMemory();
    const parts = partsOf(untilAborted(source, upload.signal), memory);
    const blocks = await sendAll(parts, PARALLEL, upload.signal, async (part, number, partSignal) => {
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
    const tier = word(azureSettings, this.location.settings, "storageClass");
    await upload.beforeVisible();
    await this.within(upload.signal, (abortSignal) =>
      blob.commitBlockList(
        blocks,
        compact({
          abortSignal,
          blobHTTPHeaders: { blobContentType: "application/octet-stream" },
          metadata: { [MARK]: upload.mark },
          ...(upload.overwrite ? {} : { conditions: { ifNoneMatch: "*" } }),
          tier,
          ...encryption,
        }),
      ),
    );
    return size;
  }

  isTaken(error: unknown): boolean {
    const { status, code } = troubleOf(error);
    return status === 412 || code === "BlobAlreadyExists";
  }

  readonly failureOf = failureOf;

  now(): Date {
    return this.clock.now();
  }

  async look(key: string, signal?: AbortSignal): Promise<MarkedObject | undefined> {
    try {
      const found = await this.within(signal, (abortSignal) =>
        this.container.getBlobClient(key).getProperties({ abortSignal }),
      );
      this.clock.saw(found.date);
      return {
        key,
        size: found.contentLength ?? 0,
        version: normalizeEtag(found.etag),
        modified: found.lastModified ?? new Date(0),
        mark: found.metadata?.[MARK],
      };
    } catch (error) {
      if (troubleOf(error).code === "BlobNotFound") return undefined;
      throw requestFailure(this, key, error, signal);
    }
  }

  async open(key: string, { version, start, last }: Request, abortSignal: AbortSignal): Promise<Opened | undefined> {
    const place = this.place(key);
    let answer: BlobDownloadResponseParsed;
    try {
      answer = await this.container
        .getBlobClient(key)
        .download(start, last === undefined ? undefined : last - start + 1, {
          abortSignal,
          // `readPinned` resumes broken reads.
          maxRetryRequests: 0,
          ...(version === undefined ? {} : { conditions: { ifMatch: normalizeEtag(version) } }),
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
      version: normalizeEtag(answer.etag),
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
            version: normalizeEtag(properties.etag),
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
          ...(version === undefined ? {} : { conditions: { ifMatch: normalizeEtag(version) } }),
        }),
      );
    } catch (error) {
      const { status, code } = troubleOf(error);
      if (code === "BlobNotFound") return;
      if (status !== 412 || code === "LeaseIdMissing") throw requestFailure(this, key, error, signal);
      if ((await this.look(key, signal)) !== undefined) throw changed(this.place(key));
    }
  }

  place(key: string): Place {
    return placeOf(this.location, withHints(azureErrors, this.hints), key);
  }

  private within<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal, progress: () => void) => Promise<T>,
  ): Promise<T> {
    return unlessStalled(this.stallMs, signal, work);
  }
}
