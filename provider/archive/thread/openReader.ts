/** Which reader an archive gets: a thread is worth its start only for a large one. */

import { availableParallelism } from "node:os";
import { ArchiveReader, type ArchiveReaderOptions, type Reader } from "../reader";
import { ReaderThread } from "./readerThread";

/** A thread starts in the time in which so many bytes are read. */
const LARGE_BYTES = 8 * 1024 * 1024;
/** Consul sends nothing until it has compressed all of its state: it takes this long for some megabytes. */
const LARGE_AFTER_MS = 250;

/**
 * @param options - a visitor of records keeps the reader on this thread
 * @param bytes - how many bytes the archive has. Default: unknown, which counts as few
 */
export function openReader(options: ArchiveReaderOptions = {}, bytes = 0): Reader {
  return bytes >= LARGE_BYTES && canUseThread(options) ? new ReaderThread(options) : new ArchiveReader(options);
}

/** A reader for an archive that a server is about to send: its silence shows whether the archive is large. */
export class AwaitedReader {
  readonly #options: ArchiveReaderOptions;
  readonly #timer: NodeJS.Timeout;
  #reader: Reader | undefined;

  /**
   * To be called when the archive is requested.
   *
   * @param afterMs - a server that is silent for so long has a large archive. Default: 250
   */
  constructor(options: ArchiveReaderOptions = {}, afterMs = LARGE_AFTER_MS) {
    this.#options = options;
    this.#timer = setTimeout(() => {
      if (canUseThread(options)) this.#reader = new ReaderThread(options);
    }, afterMs).unref();
  }

  /** The reader, once the first byte has come. */
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
