/**
 * Stopping in good order. Pulumi tells a dynamic provider nothing: a cancelled run sends SIGINT, as does the normal end
 * of every run; a killed `pulumi` sends nothing at all, but its end of our standard input closes at once.
 */

import { fstatSync } from "node:fs";

const STDIN = 0;

interface Work {
  readonly controller: AbortController;
  readonly done: Promise<unknown>;
}

const running = new Set<Work>();
let watching = false;

/** Notices from now on when the process that started this one is gone. */
export function guarded(): void {
  if (watching) return;
  watching = true;
  // Only a pipe tells of its other end; a terminal or /dev/null would seem to have ended at once.
  const input = fstatSync(STDIN);
  if (!input.isFIFO() && !input.isSocket()) return;
  process.stdin.on("close", stopAll);
  process.stdin.on("error", () => undefined);
  process.stdin.resume();
}

/** Runs work that is stopped, and cleans up, before this process ends. */
export async function whileWorking<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  // A handler only while there is something to stop: without one, the normal end of a run costs no time.
  if (running.size === 0) process.on("SIGINT", stopAll);
  const done = work(controller.signal);
  const entry = { controller, done };
  running.add(entry);
  try {
    return await done;
  } finally {
    running.delete(entry);
    if (running.size === 0) process.off("SIGINT", stopAll);
  }
}

function stopAll(): void {
  for (const { controller } of running) controller.abort();
  void Promise.allSettled([...running].map(({ done }) => done)).then(() => process.exit(1));
}
