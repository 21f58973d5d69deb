/** Reads all records of an archive. Here, an archive that cannot be decoded to its end is an error. */

import { ArchiveReader, type ArchiveReport, type SeenRecord } from "../archive/reader";
import { readWhole } from "../archive/readWhole";
import { checkStateSize } from "../archive/stateSize";
import { KVS } from "../archive/recordTypes";
import { type Content, contentOf } from "../archive/state/normalForm";
import { SnapshotError } from "../errors";

/** An archive as Consul made it: already decrypted. Each call of `open` reads it once. */
export interface ArchiveSource {
  /** Its name in messages, as clean text. */
  readonly label: string;
  /** The bytes, from the first to the last. */
  open(): AsyncIterable<Uint8Array>;
  /** Called once with what was read, if that is valid; it throws if it is not what was asked for. Default: it always is. */
  confirm?(report: ArchiveReport): Promise<void> | void;
}

/** Maximum size of a key's record in memory, in bytes. Consul accepts values up to 512 KiB, or `kv_max_value_size`. */
export const LONGEST_VALUE = 64 * 1024 * 1024;
/** How many bytes of an archive are processed at a time. */
const PIECE_BYTES = 16 * 1024;
/** Maximum size of records of other types, in bytes; larger ones are not decoded. */
const LONGEST_RECORD = 1024 * 1024;

/**
 * @param see - receives each record, before it is known whether the archive is valid
 * @throws SnapshotError `ARCHIVE_*`, `STATE_UNDECODABLE`, and what the source throws
 */
export async function readRecords(source: ArchiveSource, see: (record: SeenRecord) => void): Promise<ArchiveReport> {
  const report = await readWhole(source.open(), { see, heldBytes: LONGEST_VALUE });
  requireDecodable(source, report);
  await source.confirm?.(report);
  return report;
}

/**
 * Converts records while the archive is read. Ends without an error only if the archive is valid.
 *
 * @param make - converts a record, or returns `undefined` to skip it; must not keep a reference to the record's bytes
 * @throws SnapshotError as `readRecords` does
 */
export async function* madeOfRecords<T>(
  source: ArchiveSource,
  make: (record: SeenRecord) => T | undefined,
): AsyncGenerator<T> {
  let made: T[] = [];
  const see = (record: SeenRecord): void => {
    const one = make(record);
    if (one !== undefined) made.push(one);
  };
  const reader = new ArchiveReader({ see, heldBytes: LONGEST_VALUE });
  try {
    for await (const chunk of source.open()) {
      // In small pieces: a few compressed bytes may contain many records.
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        await reader.write(chunk.subarray(at, at + PIECE_BYTES));
        yield* made;
        made = [];
      }
    }
    const report = await reader.end();
    checkStateSize(report);
    requireDecodable(source, report);
    await source.confirm?.(report);
    yield* made;
  } finally {
    reader.destroy();
  }
}

function requireDecodable({ label }: ArchiveSource, { state: { undecodable } }: ArchiveReport): void {
  if (undecodable === undefined) return;
  throw new SnapshotError(
    "STATE_UNDECODABLE",
    `the state in ${label} cannot be decoded at byte ${undecodable.offset}: ${undecodable.message}`,
    "Use another archive: what comes after this byte cannot be read, and a Consul server that restores it crashes.",
  );
}

/** The content of a record; `undefined` if it is too large to be kept in memory or cannot be read. */
export function contentOfRecord({ type, value }: SeenRecord): Content | undefined {
  if (value === undefined || (value.length > LONGEST_RECORD && type !== KVS)) return undefined;
  return contentOf(type, value);
}
