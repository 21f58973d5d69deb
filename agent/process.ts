/** The agent as a process: its environment and its signals. */

import { runAgent } from "./agent";
import { ownEndingSignals } from "../provider/endingSignals";
import { type CleanText } from "../provider/text";

/** After this time, remaining work is abandoned. Its own time limits are all shorter. */
const END_MS = 10_000;

/**
 * SIGHUP reloads the configuration, SIGUSR1 takes a snapshot now. Every other signal that would end the process, such as
 * SIGTERM, ends the agent in order.
 *
 * @param write - receives whole lines
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID` if the flags or the configuration are invalid
 */
export async function runAgentInProcess(args: readonly string[], write: (line: CleanText) => void): Promise<number> {
  const ending = new AbortController();
  const actions = { reload: (): void => undefined, snapshot: (): void => undefined };
  const handlers: Readonly<Partial<Record<NodeJS.Signals, () => void>>> = {
    ...Object.fromEntries(ownEndingSignals().map((name) => [name, () => end(name)])),
    SIGHUP: () => actions.reload(),
    SIGUSR1: () => actions.snapshot(),
  };
  let code = 1;
  const end = (name: string): void => {
    ending.abort(name);
    // A connection to a store that does not answer may keep the process alive after an orderly end.
    setTimeout(() => process.exit(code), END_MS).unref();
  };
  const entries = Object.entries(handlers);
  for (const [name, handler] of entries) process.on(name, handler);
  try {
    code = await runAgent(args, {
      write,
      env: process.env,
      signal: ending.signal,
      onReload: (reload) => (actions.reload = reload),
      onSnapshot: (snapshot) => (actions.snapshot = snapshot),
    });
    return code;
  } finally {
    for (const [name, handler] of entries) process.off(name, handler);
  }
}
