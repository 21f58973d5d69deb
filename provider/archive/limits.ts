/** Limits that protect a reader from decompression bombs. No archive of a real Consul comes near them. */

import { SnapshotError } from "../errors";

export interface ArchiveLimits {
  /** Total inflated size in bytes. Default: 64 GiB. */
  readonly inflatedBytes: number;
  /** Inflated bytes per byte of the archive, checked after `ratioFrom` inflated bytes. Default: 200. */
  readonly ratio: number;
  /** The ratio is not checked below this many inflated bytes: small states may compress very well. Default: 1 GiB. */
  readonly ratioFrom: number;
  /** Size of `meta.json` in bytes. Default: 128 KiB, enough for several hundred servers. */
  readonly metaBytes: number;
  /** Size of `SHA256SUMS` in bytes. Default: 64 KiB. */
  readonly sumsBytes: number;
  /** Tar entries, including headers that only describe the next entry. Default: 100. */
  readonly entries: number;
  /** Records: a base number, plus a number per byte of the archive. Each record takes time. Default: 500,000 and 1. */
  readonly records: number;
  readonly recordsPerByte: number;
  /** Values within records: a base number, plus a number per byte of the archive. Default: 10,000,000 and 20. */
  readonly values: number;
  readonly valuesPerByte: number;
  /** Gzip members of the archive. Default: 100,000. */
  readonly gzipMembers: number;
}

export const DEFAULT_LIMITS: ArchiveLimits = {
  inflatedBytes: 64 * 1024 ** 3,
  ratio: 200,
  ratioFrom: 1024 ** 3,
  metaBytes: 128 * 1024,
  sumsBytes: 64 * 1024,
  entries: 100,
  records: 500_000,
  recordsPerByte: 1,
  values: 10_000_000,
  valuesPerByte: 20,
  gzipMembers: 100_000,
};

export function tooLarge(what: string): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_TOO_LARGE",
    what,
    "No snapshot of a Consul server looks like this: look where it comes from, and do not use it.",
  );
}
