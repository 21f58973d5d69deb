/** The Consul programs that `npm run tools` builds, and what they say about an archive. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The tools, as their folders in `tools/` are named. */
export type ConsulName = "consul-1.12" | "consul-1.13" | "consul-1.14";

/** What every test runs that does not ask for another. The demo's is in `tools/lib/consul.mjs`. */
export const DEFAULT_CONSUL = "consul-1.14" satisfies ConsulName;

export const CONSUL_VERSIONS: Readonly<Record<ConsulName, string>> = {
  "consul-1.12": "1.12.9",
  "consul-1.13": "1.13.9",
  "consul-1.14": "1.14.11",
};

/** All of them, the default first: where archives of one version meet the programs of another. */
export const CONSUL_NAMES: readonly ConsulName[] = [DEFAULT_CONSUL, "consul-1.13", "consul-1.12"];
/** The newest and the oldest: where servers are asked, and each version costs a server. */
export const NEWEST_AND_OLDEST: readonly ConsulName[] = [DEFAULT_CONSUL, "consul-1.12"];

export function consulBinary(name: ConsulName = DEFAULT_CONSUL): string {
  const binary = path.resolve(__dirname, "../../../.tools/bin", name);
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
