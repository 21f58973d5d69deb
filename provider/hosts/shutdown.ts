/**
 * Stops running work when the run ends. Pulumi sends a provider SIGINT when a run is canceled, and also at the normal
 * end of every run. A killed `pulumi` sends nothing, but closes its end of our standard input. Service managers and
 * terminals send SIGTERM or SIGHUP to the whole process group.
 */

import { fstatSync } from "node:fs";
import { providerEndingSignals } from "../endingSignals";

const STDIN = 0;

interface Work {
  readonly controller: AbortController;
  readonly done: Promise<unknown>;
}

const running = new Set<Work>();
let watching = false;

/** Stops the work when the parent process is gone. */
export function watchParent(): void {
  if (watching) return;
  watching = true;
  // Only a pipe or a socket shows that its other end has closed; a terminal or /dev/null would look closed immediately.
  const input = fstatSync(STDIN);
  if (!input.isFIFO() && !input.isSocket()) return;
  process.stdin.on("close", stopAll);
  process.stdin.on("error", () => undefined);
  process.stdin.resume();
}

/** Runs work that is aborted and cleans up before this process ends. */
export async function runStoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  // Install handlers only while work is running: without them, the normal end of a run takes no extra time.
  if (running.size === 0) for (const signal of providerEndingSignals()) process.on(signal, stopAll);
  const done = work(controller.signal);
  const entry = { controller, done };
  running.add(entry);
  try {
    return await done;
  } finally {
    running.delete(entry);
    if (running.size === 0) for (const signal of providerEndingSignals()) process.off(signal, stopAll);
  }
}

/** Aborts the running work without ending this process. */
export function abortAll(): void {
  for (const { controller } of running) controller.abort();
}

function stopAll(): void {
  abortAll();
  void Promise.allSettled([...running].map(({ done }) => done)).then(() => process.exit(1));
}
