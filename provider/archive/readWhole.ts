/** Reads and verifies a whole archive. All commands and resources read archives this way. */

import type { ArchiveReaderOptions, ArchiveReport, Reader } from "./reader";
import { checkStateSize } from "./stateSize";
import { openReader } from "./thread/openReader";

export interface ReadOptions extends ArchiveReaderOptions {
  /**
   * Accept a state size that differs from meta.json, as `consul snapshot inspect` does. Default: false, because Consul
   * cannot restore such an archive.
   */
  readonly acceptStateSize?: boolean;
  /** Approximate size of the source in bytes: a large archive is read on a separate thread. Default: unknown. */
  readonly sourceBytes?: number;
}

/**
 * @param source - the bytes of one archive; it is read to its end, or closed on failure
 * @throws SnapshotError `ARCHIVE_*` if it is not a valid archive. Errors of the source are passed on unchanged.
 */
export async function readWhole(
  source: AsyncIterable<Uint8Array>,
  { acceptStateSize = false, sourceBytes, ...options }: ReadOptions = {},
): Promise<ArchiveReport> {
  return await readWith(openReader(options, sourceBytes), source, acceptStateSize);
}

/**
 * Reads a whole source with a reader, then destroys the reader.
 *
 * @param acceptStateSize - as in `ReadOptions`
 * @throws SnapshotError `ARCHIVE_*`. Errors of the source are passed on unchanged.
 */
export async function readWith(
  reader: Reader,
  source: AsyncIterable<Uint8Array>,
  acceptStateSize = false,
): Promise<ArchiveReport> {
  try {
    for await (const chunk of source) await reader.write(chunk);
    const report = await reader.end();
    if (!acceptStateSize) checkStateSize(report);
    return report;
  } finally {
    reader.destroy();
  }
}
