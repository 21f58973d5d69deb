/** The Consul programs that `npm run tools` builds, and what they say about an archive. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** `consul` is 1.13.9, `consul-1.12` is 1.12.9. */
export type ConsulName = "consul" | "consul-1.12";
export const CONSUL_NAMES: readonly ConsulName[] = ["consul", "consul-1.12"];

export function consulBinary(name: ConsulName = "consul"): string {
  const binary = path.resolve(__dirname, "../../.tools/bin", name);
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run \`npm run tools\``);
  return binary;
}

/** What `consul snapshot inspect -format json` prints. */
export interface Inspection {
  readonly Meta: { ID: string; Size: number; Index: number; Term: number; Version: number };
  readonly Stats: readonly { Name: string; Sum: number; Count: number }[];
  readonly StatsKV: readonly { Name: string; Sum: number; Count: number }[] | null;
  readonly TotalSize: number;
  readonly TotalSizeKV: number;
}

/** Runs the real `consul snapshot inspect`; rejects with what it wrote when it does not accept the file. */
export async function inspect(
  file: string,
  options: { binary?: ConsulName; flags?: readonly string[] } = {},
): Promise<Inspection> {
  const args = ["snapshot", "inspect", "-format", "json", ...(options.flags ?? []), file];
  const { stdout } = await run(consulBinary(options.binary), args, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as Inspection;
}
