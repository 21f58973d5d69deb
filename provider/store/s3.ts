/**
 * Archives in S3, or a server that speaks its protocol.
 *
 * What is shorter than a part goes in one request; the rest in a multipart upload, which is invisible until completed.
 * Bodies are always whole buffers with a length and a signed hash: a connection that breaks leaves nothing. The
 * condition "only if absent" is part of the last request.
 */

import type {
  CompletedPart,
  CreateMultipartUploadCommandInput,
  GetObjectCommandOutput,
  ListMultipartUploadsCommandOutput,
  S3Client,
  ServerSideEncryption,
  StorageClass,
} from "@aws-sdk/client-s3";
import type { SnapshotError } from "../errors";
import { changed, exists, interrupted, locked, type Place } from "./failures";
import { fixedPrefix, formatLocation, type Location, matchesTemplate } from "./location";
import { PartMemory, partsOf, sendAll, untilAborted } from "./parts";
import { type Opened, type Request, readPinned } from "./reading";
import { word } from "./settings";
import { failureOf, type S3Clients, s3Clients, troubleOf } from "./s3client";
import type { AwsS3 } from "./sdk";
import type { DeleteOptions, HeadOptions, PutOptions, ReadOptions, Store, StoredObject } from "./store";
import { type Bucket, MARK, type Marked, putMarked, unmarked, type Write } from "./writing";

const PART = 8 * 1024 * 1024;
const PARALLEL = 4;
const DAY_MS = 24 * 60 * 60 * 1000;

/** @param stallMs - how long a server may be silent, over all tries of a request */
export async function s3Store(location: Location, stallMs: number): Promise<Store> {
  return new S3Store(await s3Clients(location, stallMs), location, stallMs);
}

class S3Store implements Store, Bucket {
  private readonly sdk: typeof AwsS3;
  private readonly client: S3Client;

  constructor(
    private readonly clients: S3Clients,
    private readonly location: Location,
    private readonly stallMs: number,
  ) {
    ({ sdk: this.sdk, client: this.client } = clients);
  }

  locate(key: string): string {
    return formatLocation(this.location, key);
  }

  put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredObject> {
    return putMarked(this, key, source, options);
  }

  async upload(write: Write, source: AsyncIterable<Uint8Array>): Promise<number> {
    const memory = new PartMemory(PART);
    const parts = partsOf(untilAborted(source, write.signal), memory);
    const first = await parts.next();
    if (first.done !== true && first.value.length === PART)
      return this.putInParts(write, joined(first.value, parts), memory);
    return this.putWhole(write, first.done === true ? Buffer.alloc(0) : first.value);
  }

  private async putWhole(write: Write, body: Buffer): Promise<number> {
    await this.finish(write, (condition) =>
      this.client.send(
        new this.sdk.PutObjectCommand({ ...this.headers(write), ...condition, Body: body, ContentLength: body.length }),
        { abortSignal: write.signal },
      ),
    );
    return body.length;
  }

  private async putInParts(write: Write, parts: AsyncIterable<Buffer>, memory: PartMemory): Promise<number> {
    const target = { Bucket: this.location.bucket, Key: write.key };
    // Named here, because a server takes the parts' checksums only when it was told of them.
    const wanted = (await this.client.config.requestChecksumCalculation()) === "WHEN_SUPPORTED";
    const created = await this.client.send(
      new this.sdk.CreateMultipartUploadCommand({
        ...this.headers(write),
        ...(wanted ? { ChecksumAlgorithm: "CRC32" } : {}),
      }),
      { abortSignal: write.signal },
    );
    const upload = { ...target, UploadId: created.UploadId };
    let size = 0;
    try {
      const sent = await sendAll<CompletedPart>(parts, PARALLEL, write.signal, async (part, number, abortSignal) => {
        size += part.length;
        const { ETag, ChecksumCRC32 } = await this.client.send(
          new this.sdk.UploadPartCommand({ ...upload, PartNumber: number, Body: part, ContentLength: part.length }),
          { abortSignal },
        );
        memory.give(part);
        return { PartNumber: number, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
      });
      await this.finish(write, (condition) =>
        this.client.send(
          new this.sdk.CompleteMultipartUploadCommand({ ...upload, ...condition, MultipartUpload: { Parts: sent } }),
          { abortSignal: write.signal },
        ),
      );
      return size;
    } catch (error) {
      // If the upload is gone, or the server is, there is nothing to abort; `sweep` takes what stays.
      await this.client
        .send(new this.sdk.AbortMultipartUploadCommand(upload), { abortSignal: write.tidying() })
        .catch(() => undefined);
      throw error;
    }
  }

  /** Makes the object visible, under the condition that there is none yet. */
  private async finish(write: Write, send: (condition: { IfNoneMatch?: "*" }) => Promise<unknown>): Promise<void> {
    if (write.overwrite) {
      await send({});
      return;
    }
    try {
      await send({ IfNoneMatch: "*" });
    } catch (error) {
      // A server that does not know the condition: looking is then all that can be done.
      if (troubleOf(error).status !== 501) throw error;
      if ((await this.look(write.key, write.signal)) !== undefined) throw exists(this.place(write.key));
      await send({});
    }
  }

  isTaken(error: unknown): boolean {
    const { status, code } = troubleOf(error);
    return status === 412 || code === "ConditionalRequestConflict";
  }

  readonly failureOf = failureOf;

  private headers({ key, mark }: Write): CreateMultipartUploadCommandInput {
    const { settings, bucket } = this.location;
    const sse = word(settings, "s3", "sse") ?? word(settings, "s3", "ssetype");
    const kmsKeyId = settings.get("kmsKeyId") ?? settings.get("kmskeyid");
    const storageClass = settings.get("storageClass");
    const encryption = sse ?? (kmsKeyId === undefined ? undefined : "aws:kms");
    return {
      Bucket: bucket,
      Key: key,
      ContentType: "application/octet-stream",
      Metadata: { [MARK]: mark },
      ...(encryption === undefined ? {} : { ServerSideEncryption: encryption as ServerSideEncryption }),
      ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    };
  }

  async head(key: string, { signal }: HeadOptions = {}): Promise<StoredObject | undefined> {
    const found = await this.look(key, signal);
    return found && unmarked(found);
  }

  async look(key: string, signal?: AbortSignal): Promise<(Marked & { readonly locked: boolean }) | undefined> {
    try {
      const found = await this.client.send(
        new this.sdk.HeadObjectCommand({ Bucket: this.location.bucket, Key: key }),
        heeding(signal),
      );
      return {
        key,
        size: found.ContentLength ?? 0,
        version: found.ETag ?? "",
        modified: found.LastModified ?? new Date(0),
        mark: found.Metadata?.[MARK],
        locked:
          found.ObjectLockLegalHoldStatus === "ON" || (found.ObjectLockRetainUntilDate?.getTime() ?? 0) > Date.now(),
      };
    } catch (error) {
      // The answer to HEAD has no body and so no reason: a request that has one tells what is wrong, or that nothing is.
      if (troubleOf(error).status === undefined) throw this.broken(key, error, signal);
      await this.firstUnder(key, signal);
      if (troubleOf(error).status === 404) return undefined;
      throw failureOf(this.place(key), error);
    }
  }

  private async firstUnder(key: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.client.send(
        new this.sdk.ListObjectsV2Command({ Bucket: this.location.bucket, Prefix: key, MaxKeys: 1 }),
        heeding(signal),
      );
    } catch (error) {
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

  private async open(key: string, { version, start, last }: Request, signal: AbortSignal): Promise<Opened | undefined> {
    const place = this.place(key);
    let answer: GetObjectCommandOutput;
    try {
      answer = await this.clients.reader.send(
        new this.sdk.GetObjectCommand({
          Bucket: this.location.bucket,
          Key: key,
          ...(version === undefined ? {} : { IfMatch: version }),
          ...(start === 0 && last === undefined ? {} : { Range: `bytes=${start}-${last ?? ""}` }),
        }),
        { abortSignal: signal },
      );
    } catch (error) {
      const { status } = troubleOf(error);
      if (status === 412) throw changed(place);
      if (status === 416) return undefined;
      throw error;
    }
    const bytes = answer.Body as AsyncIterable<Uint8Array> | undefined;
    if (bytes === undefined) return undefined;
    if (version !== undefined && answer.ETag !== version) throw changed(place);
    return { version: answer.ETag ?? "", length: answer.ContentLength ?? 0, bytes };
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const target = { Bucket: this.location.bucket, Prefix: prefix };
    try {
      for await (const page of this.sdk.paginateListObjectsV2({ client: this.client }, target)) {
        for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
          if (Key === undefined) continue;
          yield { key: Key, size: Size ?? 0, version: ETag ?? "", modified: LastModified ?? new Date(0) };
        }
      }
    } catch (error) {
      throw failureOf(this.place(prefix), error);
    }
  }

  async delete(key: string, options: DeleteOptions = {}): Promise<void> {
    const place = this.place(key);
    const target = { Bucket: this.location.bucket, Key: key };
    const { signal } = options;
    if (options.version !== undefined) {
      const found = await this.look(key, signal);
      if (found === undefined) return;
      if (found.version !== options.version) throw changed(place);
      if (options.unlessLocked === true && found.locked) throw locked(place);
    }
    try {
      // Servers that do not know the condition ignore it; then the look above is all there is.
      await this.client.send(
        new this.sdk.DeleteObjectCommand({
          ...target,
          ...(options.version === undefined ? {} : { IfMatch: options.version }),
        }),
        heeding(signal),
      );
    } catch (error) {
      const { status, code } = troubleOf(error);
      if (status === 412) throw changed(place);
      if (status === 501) await this.client.send(new this.sdk.DeleteObjectCommand(target), heeding(signal));
      else if (code !== "NoSuchKey") throw this.broken(key, error, signal);
    }
  }

  /** Uploads do not tell who began them. Ours are those to a name that this template gives. */
  async sweep(key: string, template = key, signal?: AbortSignal): Promise<void> {
    const target = { Bucket: this.location.bucket };
    let from: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    try {
      while (from !== undefined) {
        const page: ListMultipartUploadsCommandOutput = await this.client.send(
          new this.sdk.ListMultipartUploadsCommand({ ...target, Prefix: fixedPrefix(template), ...from }),
          heeding(signal),
        );
        for (const { Key = "", UploadId, Initiated } of page.Uploads ?? []) {
          if (Initiated === undefined || Date.now() - Initiated.getTime() < DAY_MS) continue;
          if (!matchesTemplate(template, Key)) continue;
          await this.client.send(
            new this.sdk.AbortMultipartUploadCommand({ ...target, Key, UploadId }),
            heeding(signal),
          );
        }
        from =
          page.IsTruncated === true && page.NextKeyMarker !== undefined
            ? {
                KeyMarker: page.NextKeyMarker,
                ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
              }
            : undefined;
      }
    } catch {
      // Not everyone may list uploads, and not every server can.
    }
  }

  close(): void {
    this.client.destroy();
    this.clients.reader.destroy();
  }

  place(key: string): Place {
    return {
      object: `s3://${this.location.bucket}/${key}`,
      holder: `bucket s3://${this.location.bucket}`,
      access:
        "Check the credentials that AWS tools find here (environment, profile, role), the profile= and region= of the target, and that they may list the bucket (s3:ListBucket) and get and put objects.",
    };
  }
}

function heeding(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
