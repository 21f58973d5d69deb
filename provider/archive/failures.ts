/** Errors of invalid archives: one sentence each, and a hint. */

import { SnapshotError } from "../errors";

const TAKE_AGAIN = "Take the snapshot again; if it fails again, look at what lies between here and Consul.";

/** The archive ends too early. */
export function truncated(where: string, cause?: unknown): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_TRUNCATED",
    `the archive is cut off ${where}`,
    "A part of it was lost on the way: take the snapshot again, or look for another copy.",
    cause,
  );
}

export function notGzip(): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_NOT_GZIP",
    "this is not a Consul snapshot: it does not begin as a gzip file does",
    "Check the file's name; it may be encrypted, or an error page that was saved in place of a snapshot.",
  );
}

/** The bytes violate the format. */
export function malformed(what: string, hint = TAKE_AGAIN, cause?: unknown): SnapshotError {
  return new SnapshotError("ARCHIVE_MALFORMED", what, hint, cause);
}

/** Two values that should be equal differ. */
export function mismatch(what: string): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_CHECKSUM",
    what,
    "The archive was damaged after Consul made it: take the snapshot again, or look for another copy.",
  );
}

/** Reading was stopped before the end. */
export function abandoned(): SnapshotError {
  return new SnapshotError("INTERRUPTED", "the archive was not read to its end", "Read it again.");
}
