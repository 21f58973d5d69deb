/** The signals that end a process without a handler. Work that handles them all leaves no unfinished file. */

import { performance } from "node:perf_hooks";

/** Ask a process to stop: Ctrl-C, `kill` and service managers, a closed terminal, Ctrl-\\. */
const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Rarely sent, and a program may use them for something else. `process.abort()` ends the process in spite of a handler of
 * SIGABRT. The signals of a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS) are not here: the code that is
 * running cannot continue after them.
 */
const UNUSUAL = [
  "SIGABRT",
  "SIGALRM",
  "SIGIO",
  "SIGPWR",
  "SIGSTKFLT",
  "SIGUSR2",
  "SIGVTALRM",
  "SIGXCPU",
] as const satisfies readonly NodeJS.Signals[];

/** Node.js accepts a handler of a signal that the system does not have, and never calls it. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = [...STOPPING, ...UNUSUAL];

/**
 * The same for a provider's process, which is no program of the user. There, SIGPROF is included, unless Node.js profiles this
 * process: its profiler sends SIGPROF all the time, and a handler takes the place of the profiler's. In a program, any
 * library could do so.
 *
 * @param options - the options of this process for Node.js
 */
export function providerEndingSignals(
  options: readonly string[] = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/\s+/)],
): readonly NodeJS.Signals[] {
  const isProfiled = options.some((option) => /^--(cpu-)?prof\b/.test(option));
  return [...ENDING_SIGNALS, ...(isProfiled ? [] : (["SIGPROF"] as const))];
}

/**
 * The same for a process that runs none but our own code. There, SIGUSR1 is included, because it starts Node's debugger.
 *
 * @param options - the options of this process for Node.js
 */
export function ownEndingSignals(options?: readonly string[]): readonly NodeJS.Signals[] {
  return [...providerEndingSignals(options), "SIGUSR1"];
}

/** Whether the signal asks a process to stop and means nothing else. */
export function isStopping(name: NodeJS.Signals): boolean {
  return STOPPING.some((each) => each === name);
}

/** Two signals within this time are treated as one. */
const ECHO_MS = 500;

/**
 * Wraps a handler so that it ignores a signal that follows the previous one within half a second: npm and npx forward
 * the signal that a terminal has already sent to all processes, and systemd with `SendSIGHUP` sends SIGHUP right after
 * SIGTERM.
 *
 * @param clock - in milliseconds, monotonic
 */
export function withoutEchoes(
  handle: (name: NodeJS.Signals) => void,
  clock: () => number = () => performance.now(),
): (name: NodeJS.Signals) => void {
  let last: number | undefined;
  return (name) => {
    const now = clock();
    const isEcho = last !== undefined && now - last < ECHO_MS;
    last = now;
    if (!isEcho) handle(name);
  };
}
