/** Agents in this process, as the command runs them. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentIo, runAgent } from "../../agent/agent";

export interface AgentRun {
  readonly lines: string[];
  /** The exit code. */
  readonly ended: Promise<number>;
  /** As SIGTERM. */
  stop(): void;
  /** As SIGHUP. */
  reload(): void;
  /** As SIGUSR1. */
  snapshot(): void;
  /** Resolves with the first line that fits, from `from` on. */
  line(pattern: RegExp, from?: number): Promise<string>;
}

export function startAgent(args: readonly string[], env: NodeJS.ProcessEnv = {}): AgentRun {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const ending = new AbortController();
  const actions = { reload: (): void => undefined, snapshot: (): void => undefined };
  const io: AgentIo = {
    write(line) {
      lines.push(line);
      for (const look of waiting) look();
    },
    env,
    signal: ending.signal,
    onReload: (reload) => (actions.reload = reload),
    onSnapshot: (snapshot) => (actions.snapshot = snapshot),
  };
  return {
    lines,
    ended: runAgent(args, io),
    stop: () => ending.abort("SIGTERM"),
    reload: () => actions.reload(),
    snapshot: () => actions.snapshot(),
    line: (pattern, from = 0) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.slice(from).find((line) => pattern.test(line));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Runs one that ends by itself. */
export async function runToEnd(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; lines: readonly string[] }> {
  const { ended, lines } = startAgent(args, env);
  return { code: await ended, lines };
}

/** Writes a configuration file with this under `snapshot_agent`. */
export async function configFile(folder: string, agent: object, name = "agent.json"): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify({ snapshot_agent: agent }));
  return path;
}
