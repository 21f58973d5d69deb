/** One stream, two readers: every byte of an archive passes the archive reader on its way to the store. */

import type { ArchiveReader, ArchiveReport, SnapshotMeta } from "../archive/reader";
import { SnapshotError } from "../errors";
import { checkStateSize } from "./facts";

/** Consul writes meta.json first, within the first few hundred bytes; an archive that does not is not waited for. */
const META_WITHIN = 4 * 1024 * 1024;

export interface Watched {
  readonly meta: SnapshotMeta;
  /**
   * The archive's bytes, once. They end only after the whole archive was found sound, its size too, and `whenSound` is done: the last
   * step of the stream, before whoever reads it learns of its end.
   */
  bytes(whenSound: (report: ArchiveReport) => Promise<void>): AsyncIterable<Uint8Array>;
}

/**
 * Reads as much of `body` as it takes to know meta.json, and gives that together with the whole stream.
 *
 * @param received - told of each chunk's length
 * @throws SnapshotError `ARCHIVE_*`, here or while the bytes are read
 */
export async function watch(
  body: AsyncIterable<Uint8Array>,
  reader: ArchiveReader,
  received: (bytes: number) => void,
): Promise<Watched> {
  const source = body[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let headBytes = 0;
  let meta: SnapshotMeta | undefined;
  let report: ArchiveReport | undefined;
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
      head.push(next.value);
      headBytes += next.value.length;
      await reader.write(next.value);
      if (headBytes > META_WITHIN) throw metaIsLate();
    }
  } catch (error) {
    await source.return?.();
    throw error;
  }

  async function* bytes(whenSound: (report: ArchiveReport) => Promise<void>): AsyncGenerator<Uint8Array> {
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
        // Awaited below, after the store has taken the chunk: until then a failure is nobody's to handle.
        read.catch(() => undefined);
        yield next.value;
        await read;
      }
      checkStateSize(report);
      await whenSound(report);
    } finally {
      await source.return?.();
    }
  }
  return { meta, bytes };
}

function metaIsLate(): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_MALFORMED",
    "the archive does not begin with meta.json",
    "This is not what a Consul server sends: check that nothing between here and Consul changes its answers.",
  );
}
