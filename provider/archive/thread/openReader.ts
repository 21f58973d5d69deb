/** Chooses the reader of an archive: starting a thread pays off only for a large one. */

import { availableParallelism } from "node:os";
import { ArchiveReader, type ArchiveReaderOptions, type Reader } from "../reader";
import { ReaderThread } from "./readerThread";

/** Starting a thread takes as long as reading this many bytes. */
const LARGE_BYTES = 8 * 1024 * 1024;
/** Consul sends nothing until it has compressed its whole state, which takes this long for some megabytes. */
const LARGE_AFTER_MS = 250;

/**
 * @param options - a visitor of records keeps the reader on this thread
 * @param bytes - the size of the archive. Default: unknown, which is treated as small
 */
export function openReader(options: ArchiveReaderOptions = {}, bytes = 0): Reader {
  return bytes >= LARGE_BYTES && canUseThread(options) ? new ReaderThread(options) : new ArchiveReader(options);
}

/** A reader for an archive that a server is about to send: the wait for the first byte shows whether the archive is large. */
export class AwaitedReader {
  readonly #options: ArchiveReaderOptions;
  readonly #timer: NodeJS.Timeout;
  #reader: Reader | undefined;

  /**
   * To be called when the archive is requested.
   *
   * @param afterMs - if the first byte takes longer than this, the archive is large. Default: 250
   */
  constructor(options: ArchiveReaderOptions = {}, afterMs = LARGE_AFTER_MS) {
    this.#options = options;
    this.#timer = setTimeout(() => {
      if (canUseThread(options)) this.#reader = new ReaderThread(options);
    }, afterMs).unref();
  }

  /** The reader; to be called when the first byte has arrived. */
  open(): Reader {
    clearTimeout(this.#timer);
    return (this.#reader ??= new ArchiveReader(this.#options));
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#reader?.destroy();
  }
}

/** More threads than processors save no time, and each takes some 30 MB. */
function canUseThread({ see }: ArchiveReaderOptions): boolean {
  const processors = availableParallelism();
  return see === undefined && processors > 1 && ReaderThread.running < processors;
}
