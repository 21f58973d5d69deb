/** The command `consul-snapshot` as a user runs it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param more - environment beside the tester's own, what standard input holds, and the working folder */
export async function command(
  args: readonly string[],
  {
    env = {},
    input,
    cwd = ".",
  }: { readonly env?: NodeJS.ProcessEnv; readonly input?: Buffer; readonly cwd?: string } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [resolve("dist/cli/main.js"), ...args], {
    cwd,
    env: { ...process.env, ...env },
  });
  const said = { out: "", err: "" };
  child.stdout.on("data", (bytes: Buffer) => (said.out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (said.err += bytes.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}
