/**
 * The chunks of a resumable upload. The library starts the session; the chunks are sent here, because the library's own
 * stream keeps references to memory that the source may reuse, and on a mismatch it deletes any object at the key.
 */

import { untilAborted } from "../../abort";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type Dispatcher, request } from "undici";
import type { Upload } from "../bucketStore";
import { PartMemory, partsOf } from "../multipart";
import { unlessStalled } from "../stall";

/** The service requires a multiple of 256 KiB. */
export const CHUNK = 8 * 1024 * 1024;
const PIECE = 256 * 1024;
const ATTEMPTS = 3;
const PAUSE_MS = 500;

/** The service's response: either the number of bytes received, or that the object is complete, with its MD5. */
type Answer =
  | { readonly made: false; readonly kept: number }
  | { readonly made: true; readonly md5: string | undefined };

/** The service's reasons for a refusal; the first one is used. */
export type Reasons = readonly { readonly reason?: string }[];

/** Any other response. `code` is the HTTP status and `errors` the reasons, as in the library's own errors. */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    readonly errors: Reasons = [],
  ) {
    super(`status ${code}`);
  }

  /** @param body - the response body */
  static fromResponse(code: number, body: string): Refusal {
    const reason = /"reason":\s*"([^"]+)"/.exec(body)?.[1];
    return new Refusal(code, reason === undefined ? [] : [{ reason }]);
  }
}

export interface Sent {
  readonly size: number;
  /** Whether the received bytes differ from the sent ones. */
  readonly damaged: boolean;
}

/**
 * Sends a source to a session. The last request creates the object; it is sent after the source has ended.
 *
 * @param session - the session's URL, which is also its credential
 * @param stallMs - how long a request may show no progress
 */
export async function sendChunks(
  dispatcher: Dispatcher,
  session: string,
  source: AsyncIterable<Uint8Array>,
  stallMs: number,
  { signal, beforeVisible }: Pick<Upload, "signal" | "beforeVisible">,
): Promise<Sent> {
  const md5 = createHash("md5");
  const ask = (range: string, body: Buffer) =>
    unlessStalled(stallMs, signal, (either, progress) => put(dispatcher, session, range, body, either, progress));
  let size = 0;
  let held: Buffer = Buffer.alloc(0);
  const memory = new PartMemory(() => CHUNK);
  for await (const part of partsOf(untilAborted(source, signal), memory)) {
    if (held.length > 0) await sendChunk(ask, held, size, "*", signal);
    memory.give(held);
    size += held.length;
    held = part;
    md5.update(part);
  }
  await beforeVisible();
  const total = size + held.length;
  const found = await sendChunk(ask, held, size, String(total), signal);
  return { size: total, damaged: found !== undefined && found !== md5.digest("base64") };
}

/**
 * Sends one chunk. If the connection breaks, resumes from the offset that the service reports.
 *
 * @param from - where the chunk begins in the object
 * @param total - the object's length if this is the last chunk, otherwise `*`
 * @returns the MD5 that the service computed, if the object is complete and the response contains one
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
  if (answer.statusCode !== 200 && answer.statusCode !== 201) throw Refusal.fromResponse(answer.statusCode, text);
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

/** Whether a retry of the same request may succeed. */
function isPassing(error: unknown): boolean {
  if (error instanceof Refusal) return [408, 429, 500, 502, 503, 504].includes(error.code);
  return !(error instanceof Error) || error.name !== "TimeoutError";
}
