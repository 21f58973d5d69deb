/** Reads all records of an archive; what cannot be decoded to its end is an error here. */

import { ArchiveReader, type ArchiveReport, type SeenRecord } from "../archive/reader";
import { readWhole } from "../archive/readWhole";
import { checkStateSize } from "../archive/stateSize";
import { KVS } from "../archive/recordTypes";
import { type Content, contentOf } from "../archive/state/normalForm";
import { SnapshotError } from "../errors";

/** An archive as Consul made it: decrypted, and read once for each call. */
export interface ArchiveSource {
  /** What it is called in messages, as clean text. */
  readonly label: string;
  /** The bytes, from the first to the last. */
  open(): AsyncIterable<Uint8Array>;
  /** Called once with what was read, if that is valid; it throws if it is not what was asked for. Default: it always is. */
  confirm?(report: ArchiveReport): Promise<void> | void;
}

/** Values of keys are held up to this size, in bytes: Consul takes 512 KiB, unless `kv_max_value_size` says otherwise. */
export const LONGEST_VALUE = 64 * 1024 * 1024;
/** Of an archive that is read on at a time. */
const PIECE_BYTES = 16 * 1024;
/** Records of other types, in bytes: what is larger than that is not decoded. */
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
 * What is made of each record, while the archive is read; it ends without an error only if the archive is valid.
 *
 * @param make - makes something of a record, or leaves it out; it keeps nothing of the record's bytes
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
      // Little by little: a few bytes may hold many records.
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

/** The content of a record; nothing where it is too large to be held, or cannot be read. */
export function contentOfRecord({ type, value }: SeenRecord): Content | undefined {
  if (value === undefined || (value.length > LONGEST_RECORD && type !== KVS)) return undefined;
  return contentOf(type, value);
}
