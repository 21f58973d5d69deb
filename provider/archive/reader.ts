/**
 * Verifies a Consul snapshot as a stream: a gzipped tar of `meta.json`, `state.bin` and `SHA256SUMS`.
 *
 * An archive is **valid** exactly if a Consul server would accept it: both checksums match, and it has no unexpected
 * content in it or after it. docs/reference/archive-format.md describes the format. The rules come from Consul's source
 * and were tested on real servers.
 */

import { createHash } from "node:crypto";
import { GzipReader } from "./container/gzip";
import { abandoned } from "./failures";
import { type ArchiveLimits, DEFAULT_LIMITS, tooLarge } from "./limits";
import { Members } from "./container/members";
import type { SnapshotMeta } from "./meta";
import type { KvOptions } from "./state/prefixes";
import { type SeenRecord, type StateReport, StateWalker } from "./state/stateReader";
import { TarReader } from "./container/tar";

export type { SnapshotMeta } from "./meta";
export type { KvOptions, KvReport } from "./state/prefixes";
export type { SeenRecord } from "./state/stateReader";

export interface ArchiveReport {
  readonly meta: SnapshotMeta;
  /** Size of the archive in bytes, and its SHA-256 in lower-case hex. */
  readonly archiveSize: number;
  readonly sha256: string;
  /**
   * Actual size of `state.bin` in bytes. If it differs from `meta.size`, Consul accepts the archive, but the restore
   * fails.
   */
  readonly stateSize: number;
  /** The contents of `state.bin` and, if it could not be decoded, where. */
  readonly state: StateReport;
}

export interface ArchiveReaderOptions {
  readonly limits?: Partial<ArchiveLimits>;
  /** Count keys by prefix. Default: do not. */
  readonly kv?: KvOptions;
  /** Called with each record of `state.bin`, before it is known whether the archive is valid. */
  readonly see?: (record: SeenRecord) => void;
  /** Records up to this size, in bytes, are buffered and passed to `see` with their value. Default: 1 MiB. */
  readonly heldBytes?: number;
}

/** Pass all bytes of an archive to `write`, one chunk after another, then call `end`. */
export interface Reader {
  /** Settles when meta.json has been verified, or when reading has failed. */
  readonly meta: Promise<SnapshotMeta>;

  /**
   * Reads the next chunk. Settles when the reader is ready for more; the chunk is not used afterwards.
   *
   * @throws SnapshotError `ARCHIVE_*`: the archive is invalid, and every later call fails with the same error
   */
  write(chunk: Uint8Array): Promise<void>;

  /**
   * Settles when everything that was written has been read. If that includes meta.json, `meta` has settled by then.
   *
   * @throws SnapshotError `ARCHIVE_*`
   */
  idle(): Promise<void>;

  /**
   * Call it once, after the last write. It fails if the archive is invalid.
   *
   * @throws SnapshotError `ARCHIVE_*`
   */
  end(): Promise<ArchiveReport>;

  /** Releases all memory immediately; a pending call fails with `INTERRUPTED`. */
  destroy(): void;
}

/** Reads on the calling thread; only zlib uses another one. */
export class ArchiveReader implements Reader {
  readonly meta: Promise<SnapshotMeta>;
  private readonly gzip: GzipReader;
  private readonly tar: TarReader;
  private readonly members: Members;
  private readonly walker: StateWalker;
  private readonly hash = createHash("sha256");
  private archiveSize = 0;
  private failure: Error | undefined;
  private metaFailed: (reason: unknown) => void = () => undefined;

  constructor(options: ArchiveReaderOptions = {}) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    let metaPassed: (meta: SnapshotMeta) => void = () => undefined;
    this.meta = new Promise((resolve, reject) => {
      metaPassed = resolve;
      this.metaFailed = reject;
    });
    // Nobody has to await it: write and end report the failure too.
    this.meta.catch(() => undefined);
    this.walker = new StateWalker(options.kv, options.see, options.heldBytes);
    this.members = new Members(limits, metaPassed, (bytes) => this.walker.push(bytes));
    this.tar = new TarReader(this.members, limits);
    this.gzip = new GzipReader((inflated) => {
      this.tar.push(inflated);
      const most = limits.records + limits.recordsPerByte * this.archiveSize;
      if (this.walker.records > most) throw tooLarge(`the archive holds more than ${most} records`);
      const mostValues = limits.values + limits.valuesPerByte * this.archiveSize;
      if (this.walker.work.values > mostValues) throw tooLarge(`the archive holds more than ${mostValues} values`);
    }, limits);
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.attempt(async () => {
      this.archiveSize += chunk.length;
      const read = this.gzip.write(chunk);
      // It is awaited below, while zlib inflates the chunk on another thread.
      read.catch(() => undefined);
      this.hash.update(chunk);
      await read;
    });
  }

  async idle(): Promise<void> {
    await this.attempt(() => this.gzip.idle());
  }

  async end(): Promise<ArchiveReport> {
    return await this.attempt(async () => {
      await this.gzip.end();
      this.tar.end();
      return {
        meta: this.members.finish(),
        archiveSize: this.archiveSize,
        sha256: this.hash.digest("hex"),
        stateSize: this.members.stateSize,
        state: this.walker.end(),
      };
    });
  }

  destroy(): void {
    this.fail(abandoned());
    this.gzip.destroy();
  }

  private async attempt<T>(step: () => Promise<T>): Promise<T> {
    if (this.failure !== undefined) throw this.failure;
    try {
      return await step();
    } catch (error) {
      const failure = this.fail(error as Error);
      this.gzip.destroy();
      throw failure;
    }
  }

  /** Every later failure is a consequence of the first, so report the first. */
  private fail(error: Error): Error {
    this.failure ??= error;
    this.metaFailed(this.failure);
    return this.failure;
  }
}
