/**
 * Reads a Consul snapshot while it streams by: a gzip of a tar of `meta.json`, `state.bin` and `SHA256SUMS`.
 *
 * An archive is **sound** exactly when a Consul server would accept it: both checksums agree, and there is nothing in
 * it or after it that does not belong there. docs/archive-format.md has the format; what Consul takes and refuses was
 * read in its source and tried on real servers.
 */

import { createHash } from "node:crypto";
import { SnapshotError } from "../errors";
import { GzipReader } from "./gzip";
import { type ArchiveLimits, DEFAULT_LIMITS } from "./limits";
import { Members } from "./members";
import type { SnapshotMeta } from "./meta";
import type { KvOptions } from "./prefixes";
import { type SeenRecord, type StateReport, StateWalker } from "./records";
import { TarReader } from "./tar";

export type { SnapshotMeta } from "./meta";
export type { KvOptions, KvReport } from "./prefixes";
export type { SeenRecord } from "./records";

export interface ArchiveReport {
  readonly meta: SnapshotMeta;
  /** Bytes of the archive as it was read, and their SHA-256 in lower-case hex. */
  readonly archiveSize: number;
  readonly sha256: string;
  /**
   * Bytes of `state.bin` as they were read. Where it differs from `meta.size`, Consul still accepts the archive, and
   * its restore then fails.
   */
  readonly stateSize: number;
  /** What is in `state.bin`, and where it could not be decoded, if so. */
  readonly state: StateReport;
}

export interface ArchiveReaderOptions {
  readonly limits?: Partial<ArchiveLimits>;
  /** Count keys by prefix. Default: do not. */
  readonly kv?: KvOptions;
  /** Given each record of `state.bin` as it passes: before it is known whether the archive is sound. */
  readonly see?: (record: SeenRecord) => void;
}

/** Give it all bytes of an archive by `write`, one after another, then ask `end`. */
export class ArchiveReader {
  /** Settles when meta.json has passed, or when reading has failed. */
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
    // Nobody has to ask for it: a failure is told by write and end as well.
    this.meta.catch(() => undefined);
    this.walker = new StateWalker(options.kv, options.see);
    this.members = new Members(limits, metaPassed, (bytes) => this.walker.push(bytes));
    this.tar = new TarReader(this.members, limits);
    this.gzip = new GzipReader((inflated) => this.tar.push(inflated), limits);
  }

  /**
   * Reads on. Settles when the reader is ready for more, and does not touch the chunk afterwards.
   *
   * @throws SnapshotError `ARCHIVE_*`: the archive is not sound, and every later call fails alike
   */
  async write(chunk: Uint8Array): Promise<void> {
    await this.attempt(async () => {
      this.archiveSize += chunk.length;
      this.hash.update(chunk);
      await this.gzip.write(chunk);
    });
  }

  /**
   * To be called once, after the last write: the archive is sound, or this fails.
   *
   * @throws SnapshotError `ARCHIVE_*`
   */
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

  /** Lets go of all that is held, at once; a call that is under way fails. */
  destroy(): void {
    this.fail(new SnapshotError("INTERRUPTED", "the archive was not read to its end", "Read it again."));
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

  /** The first failure is the one to tell. */
  private fail(error: Error): Error {
    this.failure ??= error;
    this.metaFailed(this.failure);
    return this.failure;
  }
}
