/** How much a reader takes before it says that an archive is a bomb. No archive of a real Consul comes near. */

import { SnapshotError } from "../errors";

export interface ArchiveLimits {
  /** Bytes of all that is inflated. Default 64 GiB. */
  readonly inflatedBytes: number;
  /** Inflated bytes for each byte of the archive, judged once `ratioFrom` bytes are inflated. Default 200. */
  readonly ratio: number;
  /** Below this many inflated bytes the ratio is not judged: small states may shrink a lot. Default 1 GiB. */
  readonly ratioFrom: number;
  /** Bytes of `meta.json`. Default 1 MiB. */
  readonly metaBytes: number;
  /** Bytes of `SHA256SUMS`. Default 64 KiB. */
  readonly sumsBytes: number;
  /** Entries of the tar, headers that only describe the next entry included. Default 100. */
  readonly entries: number;
  /** Gzip members that the archive is split into. Default 100,000. */
  readonly gzipMembers: number;
}

export const DEFAULT_LIMITS: ArchiveLimits = {
  inflatedBytes: 64 * 1024 ** 3,
  ratio: 200,
  ratioFrom: 1024 ** 3,
  metaBytes: 1024 ** 2,
  sumsBytes: 64 * 1024,
  entries: 100,
  gzipMembers: 100_000,
};

export function tooLarge(what: string): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_TOO_LARGE",
    what,
    "No snapshot of a Consul server looks like this: look where it comes from, and do not use it.",
  );
}
