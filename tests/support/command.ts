/** The command `consul-snapshot` as a user runs it. */

import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param more - environment beside the tester's own, and what standard input holds */
export async function command(
  args: readonly string[],
  { env = {}, input }: { readonly env?: NodeJS.ProcessEnv; readonly input?: Buffer } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { env: { ...process.env, ...env } });
  const said = { out: "", err: "" };
  child.stdout.on("data", (bytes: Buffer) => (said.out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (said.err += bytes.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}
