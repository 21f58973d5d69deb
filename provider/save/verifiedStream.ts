/** Verifies an archive while it streams: every byte passes through the archive reader on its way to the store. */

import type { ArchiveReport, Reader, SnapshotMeta } from "../archive/reader";
import { SnapshotError } from "../errors";
import { checkStateSize } from "../archive/stateSize";

/** Consul writes meta.json within the first few hundred bytes. Do not buffer more than this to find it. */
const META_WITHIN = 4 * 1024 * 1024;

export interface VerifiedStream {
  readonly meta: SnapshotMeta;
  /** The archive's bytes, once. They end without an error only if the whole archive is valid. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /**
   * The report on the whole archive, available when `bytes` have ended. It never rejects; it stays pending if they
   * fail.
   */
  readonly report: Promise<ArchiveReport>;
}

/**
 * Reads `body` up to meta.json, and returns it with the whole stream.
 *
 * @param received - called with the length of each chunk
 * @throws SnapshotError `ARCHIVE_*`, here or while the bytes are read
 */
export async function openVerifiedStream(
  body: AsyncIterable<Uint8Array>,
  reader: Reader,
  received: (bytes: number) => void,
): Promise<VerifiedStream> {
  const source = body[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let headBytes = 0;
  let meta: SnapshotMeta | undefined;
  let report: ArchiveReport | undefined;
  let publish: (report: ArchiveReport) => void = () => undefined;
  const published = new Promise<ArchiveReport>((resolve) => (publish = resolve));
  reader.meta.then(
    (known) => (meta = known),
    () => undefined,
  );
  try {
    while (meta === undefined) {
      const next = await source.next();
      if (next.done === true) {
        report = await reader.end();
        meta = report.meta;
        break;
      }
      received(next.value.length);
      // Copy the chunk: the body may reuse its memory for the next one.
      head.push(Buffer.from(next.value));
      headBytes += next.value.length;
      await reader.write(next.value);
      await reader.idle();
      if (headBytes > META_WITHIN) throw metaIsLate();
    }
  } catch (error) {
    await source.return?.();
    throw error;
  }

  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* head;
      head.length = 0;
      while (report === undefined) {
        const next = await source.next();
        if (next.done === true) {
          report = await reader.end();
          break;
        }
        received(next.value.length);
        const read = reader.write(next.value);
        // Awaited below, after the store has accepted the chunk.
        read.catch(() => undefined);
        yield next.value;
        await read;
      }
      checkStateSize(report);
      publish(report);
    } finally {
      await source.return?.();
    }
  }
  return { meta, bytes: bytes(), report: published };
}

function metaIsLate(): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_MALFORMED",
    "the archive does not begin with meta.json",
    "This is not what a Consul server sends: check that nothing between here and Consul changes its answers.",
  );
}
