/** Handles Ctrl-C and other signals, so that a command ends in order. */

import { constants } from "node:os";
import { ownEndingSignals, withoutEchoes } from "../../provider/endingSignals";
import { isCode, SnapshotError } from "../../provider/errors";
import type { Output } from "./output";
import { type Progress, progressOn } from "./progress";

let current: AbortSignal | undefined;

/** Aborted by a signal that ends the work of this process; `undefined` while a signal ends the process at once. */
export function interruption(): AbortSignal | undefined {
  return current;
}

/**
 * Runs work that a signal aborts; a second signal ends the process at once.
 *
 * @param remains - what an interrupted run leaves, such as "nothing was written"
 * @throws SnapshotError `INTERRUPTED`, or what `work` throws
 */
export async function interruptible<T>(remains: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  const stop = withoutEchoes((name) => {
    // `exit` lets stores remove unfinished files.
    if (signal.aborted) process.exit(128 + constants.signals[name]);
    // A read that waits for standard input would keep the process alive.
    process.stdin.destroy();
    interrupted.abort(new SnapshotError("INTERRUPTED", `interrupted (${name}): ${remains}`, "Run it again."));
  });
  const names = ownEndingSignals();
  for (const name of names) process.on(name, stop);
  current = signal;
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted || isCode(error, "INTERRUPTED")) throw error;
    throw signal.reason;
  } finally {
    current = undefined;
    for (const name of names) process.off(name, stop);
  }
}

/**
 * The same, with progress on standard error, which ends with the work.
 *
 * @throws SnapshotError as `interruptible` does
 */
export function interruptibleOn<T>(
  errors: Output,
  remains: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  return interruptible(remains, async (signal) => {
    const progress = progressOn(errors, signal);
    try {
      return await work(progress);
    } finally {
      progress.end();
    }
  });
}
