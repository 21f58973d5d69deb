/**
 * Archives in S3, or in a server that implements its protocol.
 *
 * An archive shorter than one part is sent in one request, others in a multipart upload, which is invisible until it is
 * completed. Each body is a whole buffer with its length, a CRC-32 or MD5, and a signed SHA-256 (except parts over
 * https): a broken connection leaves nothing behind. The condition "only if absent" is part of the last request.
 */

import { createHash, getFips } from "node:crypto";
import type { SnapshotError } from "../../errors";
import { compact } from "../../compact";
import { untilAborted } from "../../abort";
import type {
  CompletedPart,
  CreateMultipartUploadCommandInput,
  DeleteObjectCommandInput,
  GetObjectCommandOutput,
  ListMultipartUploadsCommandOutput,
  S3Client,
  ServerSideEncryption,
  StorageClass,
} from "@aws-sdk/client-s3";
import { type Bucket, BucketStore, MARK, type MarkedObject, requestFailure, type Upload } from "../bucketStore";
import { StoreClock } from "../clock";
import type { Location } from "../backend";
import { normalizeEtag } from "../etag";
import { changed, conditionRefused, exists, locked, type Place, placeOf, withHints } from "../failures";
import { fixedPrefix, matchesTemplate } from "../nameTemplate";
import { PART_BYTES, PartMemory, partsOf, sendAll } from "../multipart";
import type { Opened, Request } from "../pinnedRead";
import { unlessStalled } from "../stall";
import { word } from "../settings";
import { type S3Clients, s3Clients, s3Settings } from "./config";
import { failureOf, s3Errors, troubleOf } from "./errors";
import type { AwsS3 } from "../cloudSdks";
import type { AwsCredentials, StoreHints } from "../credentials";
import type { DeleteOptions, Store, StoredObject } from "../store";

const PARALLEL = 4;
const DAY_MS = 24 * 60 * 60 * 1000;
/** AWS may join the parts of an upload for several minutes, and sends white space meanwhile. */
const COMPLETION_MS = 10 * 60 * 1000;

/** @param stallMs - how long a server may be silent, over all attempts of a request */
export async function s3Store(
  location: Location,
  stallMs: number,
  credentials?: AwsCredentials,
  hints?: StoreHints,
): Promise<Store> {
  const clients = await s3Clients(location, stallMs, credentials, hints);
  return new BucketStore(new S3Bucket(clients, location, stallMs, hints), location, stallMs);
}

class S3Bucket implements Bucket {
  private readonly sdk: typeof AwsS3;
  private readonly client: S3Client;

  private readonly clock = new StoreClock();

  constructor(
    private readonly clients: S3Clients,
    private readonly location: Location,
    private readonly stallMs: number,
    private readonly hints: StoreHints | undefined,
  ) {
    ({ sdk: this.sdk, client: this.client } = clients);
    this.client.middlewareStack.add(readingDate(this.clock), { step: "deserialize", priority: "low" });
  }

  now(): Date {
    return this.clock.now();
  }

  async upload(upload: Upload, source: AsyncIterable<Uint8Array>): Promise<number> {
    const memory = new PartMemory();
    const parts = partsOf(untilAborted(source, upload.signal), memory);
    const first = await parts.next();
    if (first.done !== true && first.value.length === PART_BYTES)
      return this.putInParts(upload, joined(first.value, parts), memory);
    return this.putWhole(upload, first.done === true ? Buffer.alloc(0) : first.value);
  }

  private async putWhole(upload: Upload, body: Buffer): Promise<number> {
    await this.finish(upload, async (condition) => {
      const command = new this.sdk.PutObjectCommand({
        ...this.headers(upload),
        ...condition,
        ...(await this.bodyOf(body)),
      });
      await this.within(upload.signal, (abortSignal) => this.client.send(command, { abortSignal }), body.length);
    });
    return body.length;
  }

  private async putInParts(upload: Upload, parts: AsyncIterable<Buffer>, memory: PartMemory): Promise<number> {
    const target = { Bucket: this.location.bucket, Key: upload.key };
    const creation = new this.sdk.CreateMultipartUploadCommand({
      ...this.headers(upload),
      // A server accepts checksums of parts only if the upload announces them.
      ...((await this.hasNewChecksums()) ? { ChecksumAlgorithm: "CRC32" } : {}),
    });
    const created = await this.within(upload.signal, (abortSignal) => this.client.send(creation, { abortSignal }));
    const multipart = { ...target, UploadId: created.UploadId };
    let size = 0;
    try {
      const sent = await sendAll<CompletedPart>(parts, PARALLEL, upload.signal, async (part, number, abortSignal) => {
        size += part.length;
        const body = await this.bodyOf(part);
        const command = new this.sdk.UploadPartCommand({ ...multipart, PartNumber: number, ...body });
        command.middlewareStack.add(hashOnce, { step: "build", priority: "low", name: "hashOnce" });
        const { ETag, ChecksumCRC32 } = await this.within(
          abortSignal,
          (either) => this.client.send(command, { abortSignal: either }),
          part.length,
        );
        memory.give(part);
        return compact({ PartNumber: number, ETag, ChecksumCRC32 });
      });
      await this.finish(upload, (condition) => {
        const completion = { ...multipart, ...condition, MultipartUpload: { Parts: sent } };
        const command = new this.sdk.CompleteMultipartUploadCommand(completion);
        return this.within(upload.signal, (abortSignal) => this.client.send(command, { abortSignal }), COMPLETION_MS);
      });
      return size;
    } catch (error) {
      // Ignore failures: the upload may be gone, or the server unreachable. `sweep` removes what remains.
      await this.client
        .send(new this.sdk.AbortMultipartUploadCommand(multipart), { abortSignal: upload.tidying() })
        .catch(() => undefined);
      throw error;
    }
  }

  private async hasNewChecksums(): Promise<boolean> {
    return (await this.client.config.requestChecksumCalculation()) === "WHEN_SUPPORTED";
  }

  /**
   * A body that the server can verify: with the library's CRC-32, or with an MD5, which Object Lock requires in that
   * case.
   */
  private async bodyOf(
    body: Buffer,
  ): Promise<{ readonly Body: Buffer; readonly ContentLength: number; readonly ContentMD5?: string }> {
    const whole = { Body: body, ContentLength: body.length };
    // Node.js in FIPS mode has no MD5; the signed SHA-256 is then the only checksum.
    if ((await this.hasNewChecksums()) || getFips() === 1) return whole;
    return { ...whole, ContentMD5: createHash("md5").update(body).digest("base64") };
  }

  /** Makes the object visible, on condition that there is none yet. */
  private async finish(upload: Upload, send: (condition: { IfNoneMatch?: "*" }) => Promise<unknown>): Promise<void> {
    await upload.beforeVisible();
    if (upload.overwrite) {
      await send({});
      return;
    }
    try {
      await send({ IfNoneMatch: "*" });
    } catch (error) {
      // The server does not support the condition; the only check left is to look first.
      if (troubleOf(error).status !== 501) throw error;
      if ((await this.look(upload.key, upload.signal)) !== undefined) throw exists(this.place(upload.key));
      await send({});
    }
  }

  isTaken(error: unknown): boolean {
    const { status, code } = troubleOf(error);
    return status === 412 || code === "ConditionalRequestConflict";
  }

  failureOf(place: Place, error: unknown): SnapshotError {
    return failureOf(place, error, this.location.settings.get("profile") ?? process.env.AWS_PROFILE, this.hints);
  }

  private headers({ key, mark }: Upload): CreateMultipartUploadCommandInput {
    const { settings, bucket } = this.location;
    const sse = word(s3Settings, settings, "sse") ?? word(s3Settings, settings, "ssetype");
    const kmsKeyId = settings.get("kmsKeyId") ?? settings.get("kmskeyid");
    const storageClass = settings.get("storageClass");
    const encryption = sse ?? (kmsKeyId === undefined ? undefined : "aws:kms");
    return compact({
      Bucket: bucket,
      Key: key,
      ContentType: "application/octet-stream",
      Metadata: { [MARK]: mark },
      ...(encryption === undefined ? {} : { ServerSideEncryption: encryption as ServerSideEncryption }),
      SSEKMSKeyId: kmsKeyId,
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    });
  }

  async look(key: string, signal?: AbortSignal): Promise<(MarkedObject & { readonly locked: boolean }) | undefined> {
    try {
      const command = new this.sdk.HeadObjectCommand({ Bucket: this.location.bucket, Key: key });
      const found = await this.within(signal, (abortSignal) => this.client.send(command, { abortSignal }));
      return {
        key,
        size: found.ContentLength ?? 0,
        version: normalizeEtag(found.ETag),
        modified: found.LastModified ?? new Date(0),
        mark: found.Metadata?.[MARK],
        locked:
          found.ObjectLockLegalHoldStatus === "ON" ||
          (found.ObjectLockRetainUntilDate?.getTime() ?? 0) > this.now().getTime(),
      };
    } catch (error) {
      // A response to HEAD has no body and so no reason. A request whose response has a body shows the error, if any.
      if (troubleOf(error).status === undefined) throw requestFailure(this, key, error, signal);
      await this.firstUnder(key, signal);
      if (troubleOf(error).status === 404) return undefined;
      throw this.failureOf(this.place(key), error);
    }
  }

  private async firstUnder(key: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      const command = new this.sdk.ListObjectsV2Command({ Bucket: this.location.bucket, Prefix: key, MaxKeys: 1 });
      await this.within(signal, (abortSignal) => this.client.send(command, { abortSignal }));
    } catch (error) {
      throw requestFailure(this, key, error, signal);
    }
  }

  async open(key: string, { version, start, last }: Request, signal: AbortSignal): Promise<Opened | undefined> {
    const place = this.place(key);
    let answer: GetObjectCommandOutput;
    try {
      answer = await this.clients.reader.send(
        new this.sdk.GetObjectCommand(
          compact({
            Bucket: this.location.bucket,
            Key: key,
            IfMatch: version === undefined ? undefined : normalizeEtag(version),
            ...(start === 0 && last === undefined ? {} : { Range: `bytes=${start}-${last ?? ""}` }),
          }),
        ),
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
    if (version !== undefined && normalizeEtag(answer.ETag) !== normalizeEtag(version)) throw changed(place);
    return { version: normalizeEtag(answer.ETag), length: answer.ContentLength ?? 0, bytes };
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const target = { Bucket: this.location.bucket, Prefix: prefix };
    const leaving = new AbortController();
    const pages = this.sdk.paginateListObjectsV2({ client: this.client }, target, { abortSignal: leaving.signal });
    try {
      for (;;) {
        const next = await this.within(undefined, () => pages.next());
        if (next.done === true) return;
        for (const { Key, Size, ETag, LastModified } of next.value.Contents ?? []) {
          if (Key === undefined) continue;
          yield { key: Key, size: Size ?? 0, version: normalizeEtag(ETag), modified: LastModified ?? new Date(0) };
        }
      }
    } catch (error) {
      throw this.failureOf(this.place(prefix), error);
    } finally {
      leaving.abort();
    }
  }

  async delete(key: string, options: DeleteOptions = {}): Promise<void> {
    const place = this.place(key);
    const target = { Bucket: this.location.bucket, Key: key };
    const { signal } = options;
    if (options.version !== undefined) {
      const found = await this.look(key, signal);
      if (found === undefined) return;
      if (found.version !== normalizeEtag(options.version)) throw changed(place);
      if (options.unlessLocked === true && found.locked) throw locked(place);
    }
    const version = options.version === undefined ? undefined : normalizeEtag(options.version);
    try {
      // Servers that do not support the condition ignore it; the look above is then the only check.
      await this.remove(compact({ ...target, IfMatch: version }), signal).catch((error: unknown) => {
        if (troubleOf(error).status !== 501) throw error;
        return this.remove(target, signal);
      });
    } catch (error) {
      const { status, code } = troubleOf(error);
      if (status === 412) throw (await this.isUnchanged(key, options)) ? conditionRefused(place) : changed(place);
      if (code !== "NoSuchKey") throw requestFailure(this, key, error, signal);
    }
  }

  private async remove(target: DeleteObjectCommandInput, signal: AbortSignal | undefined): Promise<void> {
    const command = new this.sdk.DeleteObjectCommand(target);
    await this.within(signal, (abortSignal) => this.client.send(command, { abortSignal }));
  }

  /** Called after the condition failed: some servers answer 412 to `If-Match` in any DELETE. */
  private async isUnchanged(key: string, { version, signal }: DeleteOptions): Promise<boolean> {
    return version !== undefined && (await this.look(key, signal))?.version === normalizeEtag(version);
  }

  /** The list of uploads does not show who started them. Those whose key matches the template are ours. */
  async sweep(key: string, template = key, signal?: AbortSignal): Promise<void> {
    const target = { Bucket: this.location.bucket };
    let from: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    try {
      while (from !== undefined) {
        const listing = new this.sdk.ListMultipartUploadsCommand({ ...target, Prefix: fixedPrefix(template), ...from });
        const page: ListMultipartUploadsCommandOutput = await this.within(signal, (abortSignal) =>
          this.client.send(listing, { abortSignal }),
        );
        for (const { Key = "", UploadId, Initiated } of page.Uploads ?? []) {
          if (Initiated === undefined || this.now().getTime() - Initiated.getTime() < DAY_MS) continue;
          if (!matchesTemplate(template, Key)) continue;
          const command = new this.sdk.AbortMultipartUploadCommand({ ...target, Key, UploadId });
          await this.within(signal, (abortSignal) => this.client.send(command, { abortSignal }));
        }
        from =
          page.IsTruncated === true && page.NextKeyMarker !== undefined
            ? compact({
                KeyMarker: page.NextKeyMarker,
                UploadIdMarker: page.NextUploadIdMarker,
              })
            : undefined;
      }
    } catch {
      // Not all credentials may list uploads, and not all servers support it.
    }
  }

  close(): void {
    this.client.destroy();
    this.clients.reader.destroy();
  }

  place(key: string): Place {
    return placeOf(this.location, withHints(s3Errors, this.hints), key);
  }

  /**
   * Limits a whole request. The library's own limits are on silence, and a server that sends a byte a second is never silent.
   *
   * @param moreMs - beyond `stallMs`. For a body its length, because the minimum rate is 1,000 bytes per second. Default: 0
   */
  private within<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
    moreMs = 0,
  ): Promise<T> {
    return unlessStalled(this.stallMs + moreMs, signal, work);
  }
}

/**
 * Over https, a part that has a CRC-32 or an MD5 needs no signed SHA-256 beside it: TLS protects it in transit, the
 * server verifies it, and nothing is visible until the upload is completed. Over http, and for an object sent in one
 * request, the signature covers the body: versitygw 1.8 kept a truncated object when the body was not signed.
 */
function hashOnce<Args extends { request: unknown }, Answer>(
  next: (args: Args) => Promise<Answer>,
): (args: Args) => Promise<Answer> {
  return (args) => {
    const { protocol, headers } = args.request as { protocol: string; headers: Record<string, string> };
    const isChecked = Object.keys(headers).some((name) => /^(content-md5|x-amz-checksum-crc32)$/i.test(name));
    if (protocol === "https:" && isChecked) headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
    return next(args);
  };
}

/** Reads the `Date` header of every response, including failures such as HEAD on a missing object. */
function readingDate(clock: StoreClock) {
  return <Args, Answer extends { response: unknown }>(next: (args: Args) => Promise<Answer>) =>
    async (args: Args): Promise<Answer> => {
      const answer = await next(args);
      const { headers } = answer.response as { readonly headers?: Readonly<Record<string, string>> };
      clock.saw(headers?.["date"]);
      return answer;
    };
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
