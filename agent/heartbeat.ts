/** A dead man's switch: a URL that is requested only after success. */

import { setTimeout as delay } from "node:timers/promises";
import { request } from "undici";
import type { Log } from "./log";
import { remark } from "../provider/text";

const TRIES = 4;
const LIMIT_MS = 10_000;
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
async function tryOnce(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { statusCode, body } = await request(url, { signal, headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS });
    await body.dump();
    return statusCode >= 200 && statusCode < 300 ? undefined : `the server answers ${statusCode}`;
  } catch {
    return "the server cannot be reached";
  }
}
