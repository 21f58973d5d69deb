/** Reading an object over a network: pinned to one version, taken up again where a connection broke. */

import { SnapshotError } from "../errors";
import type { ReadOptions } from "./store";
import { unlessStalled } from "./stall";

/** A connection that gives no byte at all is tried this often in a row. */
const ATTEMPTS = 3;

/** One answer to a request for bytes. */
export interface Opened {
  /** Which version the bytes are of. */
  readonly version: string;
  /** How many bytes the answer has. */
  readonly length: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * What to ask a store for. `version` is the caller's, or that of the first answer: a store gives bytes of it, or fails
 * with `STORE_CHANGED`.
 */
export interface Request {
  readonly version: string | undefined;
  /** First byte. */
  readonly start: number;
  /** The last byte wanted; `undefined`: to the end. */
  readonly last: number | undefined;
}

/**
 * @param open - asks for bytes; `undefined` when the object has none from `start` on
 * @param broken - says what an error of a connection amounts to
 */
export async function* readPinned(
  options: ReadOptions,
  stallMs: number,
  open: (request: Request, signal: AbortSignal) => Promise<Opened | undefined>,
  broken: (error: unknown) => SnapshotError,
): AsyncGenerator<Uint8Array> {
  let { version, start = 0 } = options;
  const last = options.length === undefined ? undefined : start + options.length - 1;
  if (last !== undefined && last < start) return;
  for (let attempt = 1; ; ) {
    let bytes: AsyncIterator<Uint8Array> | undefined;
    const leaving = new AbortController();
    const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
    try {
      const answer = await unlessStalled(stallMs, signal, (either) => open({ version, start, last }, either));
      if (answer === undefined) return;
      version = answer.version;
      const iterator = answer.bytes[Symbol.asyncIterator]();
      bytes = iterator;
      let left = answer.length;
      while (left > 0) {
        const next = await unlessStalled(stallMs, signal, () => iterator.next());
        if (next.done === true) throw Object.assign(new Error("cut"), { code: "ECONNRESET" });
        attempt = 1;
        left -= next.value.length;
        start += next.value.length;
        yield next.value;
      }
      return;
    } catch (error) {
      const failure = error instanceof SnapshotError ? error : broken(error);
      if (failure.code !== "STORE_UNREACHABLE" || attempt++ >= ATTEMPTS) throw failure;
    } finally {
      // Closes the connection of a reading that was broken off; nobody waits for it.
      void Promise.resolve(bytes?.return?.()).catch(() => undefined);
      // A stream that still waits for bytes hears of that only with them: the request itself must end.
      leaving.abort();
    }
  }
}
