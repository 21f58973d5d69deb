/** An operator's shell in a folder of its own: `consul` and `consul-snapshot` are on its path, and what is typed is kept. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { consulBinary } from "../support/consul/binary";

export interface Shell {
  /**
   * Runs a line, and gives it with all that it prints.
   *
   * @param code - how it must end. Default: 0
   * @throws Error when it ends otherwise
   */
  type(line: string, code?: number): Promise<string>;
  /** Begins a line that runs until it is stopped. */
  begin(line: string): RunningLine;
}

export interface RunningLine {
  /** What it has printed. */
  readonly lines: readonly string[];
  /** Resolves with the first line that matches, from `from` on. Rejects when it ends without one. */
  line(pattern: RegExp, from?: number): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Ends it with SIGTERM, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

export async function shellIn(folder: string, env: Readonly<Record<string, string>>): Promise<Shell> {
  const bin = join(folder, ".bin");
  await mkdir(bin, { recursive: true });
  const command = join(bin, "consul-snapshot");
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${resolve("dist/cli/main.js")}" "$@"\n`);
  await chmod(command, 0o755);
  await rm(join(bin, "consul"), { force: true });
  await symlink(consulBinary(), join(bin, "consul"));
  // As npm links the command of a folder's package, which npx runs.
  const linked = join(bin, "node_modules/consul-snapshot");
  await mkdir(dirname(linked), { recursive: true });
  await rm(linked, { force: true });
  await symlink(resolve("dist/cli/main.js"), linked);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("CONSUL"));
  const options = {
    cwd: folder,
    env: {
      ...Object.fromEntries(inherited),
      PATH: [bin, process.env.PATH].join(delimiter),
      ...env,
    },
  };
  return {
    async type(line, code = 0) {
      const script = line.replaceAll("npx --no consul-snapshot", `"${process.execPath}" "${linked}"`);
      const child = spawn("sh", ["-c", `exec 2>&1\n${script}`], { ...options, stdio: ["ignore", "pipe", "inherit"] });
      let printed = "";
      child.stdout.on("data", (bytes: Buffer) => (printed += bytes.toString()));
      const [ended] = (await once(child, "close")) as [number | null];
      if (ended !== code) throw new Error(`${line} ended with ${ended}: ${printed}`);
      return `$ ${line}\n${printed.trimEnd()}`;
    },
    // With `exec` it is the program that receives signals.
    begin: (line) =>
      runningLine(
        spawn("sh", ["-c", `exec 2>&1\nexec ${line}`], { ...options, stdio: ["ignore", "pipe", "inherit"] }),
        line,
      ),
  };
}

function runningLine(child: ChildProcess, typed: string): RunningLine {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => waiting.forEach((each) => each());
  let hasEnded = false;
  const ended = once(child, "close").then(([code]) => {
    hasEnded = true;
    look();
    return code as number | null;
  });
  createInterface({ input: child.stdout! }).on("line", (line) => {
    lines.push(line);
    look();
  });
  return {
    lines,
    line: (pattern, from = 0) =>
      new Promise((found, failed) => {
        const lookForIt = (): void => {
          const line = lines.slice(from).find((each) => pattern.test(each));
          if (line === undefined && !hasEnded) return;
          waiting.delete(lookForIt);
          if (line !== undefined) found(line);
          else failed(new Error(`${typed} ended without ${pattern}: ${lines.join("\n")}`));
        };
        waiting.add(lookForIt);
        lookForIt();
      }),
    signal: (name) => void child.kill(name),
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
