/** Reads an object over a network, pinned to one version, and resumes after a broken connection. */

import { performance } from "node:perf_hooks";
import { isCode, SnapshotError } from "../errors";
import { RateWindow } from "../rateWindow";
import type { ReadOptions } from "./store";
import { Stall, unlessStalled } from "./stall";

/** Number of consecutive attempts that return no bytes. */
const ATTEMPTS = 3;

/** The minimum rate over each `stallMs`, in bytes per second: a slower trickle does not count as progress. */
const LEAST_RATE = 1000;

/** One response to a request for bytes. */
export interface Opened {
  /** The version of the object. */
  readonly version: string;
  /** Number of bytes in the response. */
  readonly length: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * A request for bytes. `version` is the caller's, or that of the first response: a store returns bytes of this version
 * or fails with `STORE_CHANGED`.
 */
export interface Request {
  readonly version: string | undefined;
  /** First byte. */
  readonly start: number;
  /** The last byte wanted; `undefined`: to the end. */
  readonly last: number | undefined;
}

/**
 * @param open - requests bytes; returns `undefined` if the object has none from `start` on
 * @param broken - translates an error of a connection
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
  const rate = new RateWindow(stallMs, LEAST_RATE);
  let waitedMs = 0;
  // Attempts that end without a byte count, too: a server may close each connection after a few bytes.
  const waiting = async <T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> => {
    const asked = performance.now();
    try {
      return await unlessStalled(stallMs, signal, work);
    } finally {
      waitedMs += performance.now() - asked;
    }
  };
  for (let attempt = 1; ; ) {
    let bytes: AsyncIterator<Uint8Array> | undefined;
    const leaving = new AbortController();
    const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
    try {
      const answer = await waiting((either) => open({ version, start, last }, either), signal);
      if (answer === undefined) return;
      version = answer.version;
      const iterator = answer.bytes[Symbol.asyncIterator]();
      bytes = iterator;
      let left = answer.length;
      while (left > 0) {
        const next = await waiting(() => iterator.next(), signal);
        if (next.done === true) throw Object.assign(new Error("cut"), { code: "ECONNRESET" });
        attempt = 1;
        left -= next.value.length;
        start += next.value.length;
        if (rate.add(waitedMs, next.value.length) === false) throw new Stall("too slow");
        waitedMs = 0;
        yield next.value;
      }
      return;
    } catch (error) {
      const failure = error instanceof SnapshotError ? error : broken(error);
      if (!isCode(failure, "STORE_UNREACHABLE") || attempt++ >= ATTEMPTS) throw failure;
    } finally {
      // Closes the connection of an abandoned read; no caller waits for it.
      void Promise.resolve(bytes?.return?.()).catch(() => undefined);
      // A stream that is waiting for bytes notices `return` only when they arrive, so abort the request itself.
      leaving.abort();
    }
  }
}
