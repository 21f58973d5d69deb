/**
 * The chunks of a resumable upload. The library begins the session; the chunks are sent here, because its own stream
 * keeps memory that the source may use again, and on a mismatch deletes whatever object is there.
 */

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type Dispatcher, request } from "undici";
import { PartMemory, partsOf, untilAborted } from "./parts";
import { unlessStalled } from "./stall";

/** A multiple of 256 KiB, as the service demands. */
const CHUNK = 8 * 1024 * 1024;
const PIECE = 256 * 1024;
const ATTEMPTS = 3;
const PAUSE_MS = 500;

/** What the service answered: how many bytes it has, or that the object is made, with the MD5 that it found. */
type Answer =
  | { readonly made: false; readonly kept: number }
  | { readonly made: true; readonly md5: string | undefined };

/** Why the service refuses; the first counts. */
export type Reasons = readonly { readonly reason?: string }[];

/** An answer that is none of these. `code` is the HTTP status, and `errors` its reasons, as in the library's own errors. */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    readonly errors: Reasons = [],
  ) {
    super(`status ${code}`);
  }

  /** @param body - what was answered */
  static told(code: number, body: string): Refusal {
    const reason = /"reason":\s*"([^"]+)"/.exec(body)?.[1];
    return new Refusal(code, reason === undefined ? [] : [{ reason }]);
  }
}

export interface Sent {
  readonly size: number;
  /** What arrived is not what was sent. */
  readonly damaged: boolean;
}

/**
 * Sends a source to a session. The object is made by the last request, which is sent after the source has ended.
 *
 * @param session - the session's address, which is its credential
 * @param stallMs - how long a request may show no progress
 */
export async function sendChunks(
  dispatcher: Dispatcher,
  session: string,
  source: AsyncIterable<Uint8Array>,
  stallMs: number,
  signal: AbortSignal,
): Promise<Sent> {
  const md5 = createHash("md5");
  const ask = (range: string, body: Buffer) =>
    unlessStalled(stallMs, signal, (either, progress) => put(dispatcher, session, range, body, either, progress));
  let size = 0;
  let held: Buffer = Buffer.alloc(0);
  const memory = new PartMemory(CHUNK);
  for await (const part of partsOf(untilAborted(source, signal), memory)) {
    if (held.length > 0) await sendChunk(ask, held, size, "*", signal);
    memory.give(held);
    size += held.length;
    held = part;
    md5.update(part);
  }
  const total = size + held.length;
  const found = await sendChunk(ask, held, size, String(total), signal);
  return { size: total, damaged: found !== undefined && found !== md5.digest("base64") };
}

/**
 * Sends one chunk, again from where the service has it when a connection breaks.
 *
 * @param from - where the chunk begins in the object
 * @param total - the object's length when this is its last chunk, else `*`
 * @returns the MD5 that the service found, when the object is made and it says one
 */
async function sendChunk(
  ask: (range: string, body: Buffer) => Promise<Answer>,
  chunk: Buffer,
  from: number,
  total: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = from + chunk.length;
  let at = from;
  let unsure = false;
  for (let failures = 0; ; ) {
    try {
      const empty = unsure || at === end;
      const range = empty ? `bytes */${total}` : `bytes ${at}-${end - 1}/${total}`;
      const answer = await ask(range, empty ? Buffer.alloc(0) : chunk.subarray(at - from));
      if (answer.made) return answer.md5;
      if (answer.kept === end && total === "*") return undefined;
      if (answer.kept < at || answer.kept > end) throw new Refusal(500);
      if (answer.kept === at && !unsure && ++failures >= ATTEMPTS) throw new Refusal(500);
      at = answer.kept;
      unsure = false;
    } catch (error) {
      if (signal.aborted || !isPassing(error) || ++failures >= ATTEMPTS) throw error;
      await delay(PAUSE_MS * failures, undefined, { signal });
      unsure = true;
    }
  }
}

async function put(
  dispatcher: Dispatcher,
  session: string,
  range: string,
  body: Buffer,
  signal: AbortSignal,
  progress: () => void,
): Promise<Answer> {
  const answer = await request(session, {
    method: "PUT",
    dispatcher,
    signal,
    headersTimeout: 0,
    bodyTimeout: 0,
    headers: { "content-range": range, "content-length": String(body.length) },
    body: body.length === 0 ? null : Readable.from(pieces(body, progress)),
  });
  const text = await answer.body.text();
  if (answer.statusCode === 308) {
    const kept = /^bytes=0-(\d+)$/.exec(String(answer.headers.range ?? ""))?.[1];
    return { made: false, kept: kept === undefined ? 0 : Number(kept) + 1 };
  }
  if (answer.statusCode !== 200 && answer.statusCode !== 201) throw Refusal.told(answer.statusCode, text);
  return { made: true, md5: /"md5Hash":\s*"([^"]+)"/.exec(text)?.[1] };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a body is an async iterable, also where nothing is awaited
async function* pieces(body: Buffer, progress: () => void): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE) {
    progress();
    yield body.subarray(at, at + PIECE);
  }
  progress();
}

/** Whether the same request may go through later. */
function isPassing(error: unknown): boolean {
  if (error instanceof Refusal) return [408, 429, 500, 502, 503, 504].includes(error.code);
  return !(error instanceof Error) || error.name !== "TimeoutError";
}
