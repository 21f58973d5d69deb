/** A dead man's switch: a URL that is requested only after success. */

import { setTimeout as delay } from "node:timers/promises";
import { request } from "undici";
import type { Log } from "./log";
import { systemCode } from "../provider/systemCode";
import { cleanCode, remark } from "../provider/text";

const TRIES = 4;
const LIMIT_MS = 20_000;
const PAUSE_MS = 2_000;

/**
 * Requests the URL, and retries after a failure with growing pauses. Never throws: a backup does not depend on it.
 *
 * @param pauseMs - pause before the first retry. Default: 2,000
 */
export async function sendHeartbeat(url: string, log: Log, signal: AbortSignal, pauseMs = PAUSE_MS): Promise<void> {
  let problem: string | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries > 0) await delay(pauseMs * 2 ** (tries - 1), undefined, { signal }).catch(() => undefined);
    problem = await tryOnce(url, signal);
    if (problem === undefined || signal.aborted) return;
  }
  log.warn(remark`the heartbeat was not accepted, after ${TRIES} tries: ${problem ?? ""}`);
}

/** @returns what is wrong, without the URL, which is a secret */
async function tryOnce(url: string, stop: AbortSignal): Promise<string | undefined> {
  // The limit is on the whole request: a server that sends a byte from time to time is never silent.
  const signal = AbortSignal.any([stop, AbortSignal.timeout(LIMIT_MS)]);
  try {
    const { statusCode, body } = await request(url, { signal });
    // The status is the answer, so the body may be as long and as slow as it likes.
    body.on("error", () => undefined).destroy();
    return statusCode >= 200 && statusCode < 300 ? undefined : `the server answers ${statusCode}`;
  } catch (error) {
    const code = cleanCode(systemCode(error));
    return `the server cannot be reached${code === undefined ? "" : ` (${code})`}`;
  }
}
