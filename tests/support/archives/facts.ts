/** The outputs that are read from the archive itself, and so do not need a manifest. */
export const ARCHIVE_FACTS = [
  "index",
  "term",
  "size",
  "version",
  "snapshotId",
  "location",
  "sha256",
  "takenAt",
] as const;
