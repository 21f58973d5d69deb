/** What every measurement needs: a clock, medians, a table, and what others do with a snapshot. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { subscribe } from "node:diagnostics_channel";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import type { KvOptions } from "../provider/archive/reader";
import { StateWalker } from "../provider/archive/state/stateReader";
import { generatedArchive } from "../tests/support/archives/generatedArchive";

const exec = promisify(execFile);
/** Bytes that are read, and inflated, at a time: larger steps gain nothing. */
export const CHUNK = 1024 * 1024;
/** Bytes of a state that its reader walks over at a time. */
const PIECE = 16 * 1024;

export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const started = performance.now();
  const value = await work();
  return { ms: performance.now() - started, value };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]];
  return (low + high) / 2;
}

/** Milliseconds as a person reads them. */
export function ms(value: number): string {
  return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Fetches a snapshot with `curl`; `tail` is the time after its first byte, before which the server compresses. */
export async function curlSnapshot(address: string, file: string): Promise<{ ms: number; tail: number }> {
  const { ms, value } = await timed(() =>
    exec("curl", ["-sf", "-o", file, "-w", "%{time_starttransfer}", `http://${address}/v1/snapshot`]),
  );
  return { ms, tail: ms - Number(value.stdout) * 1000 };
}

/**
 * Times work that asks for one snapshot in this process, in whole and after the snapshot's first byte; `cpu` is the processor
 * time of all threads of this process after the first byte.
 */
export async function timedSave<T>(
  work: () => Promise<T>,
): Promise<{ ms: number; tail: number; cpu: number; value: T }> {
  const { ms, value } = await timed(work);
  return { ms, tail: performance.now() - received.firstByte, cpu: ownCpu() - received.cpuBefore, value };
}

/** Processor time of this process so far, in milliseconds. */
export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Processor time of another process so far, in milliseconds, as Linux counts it: in hundredths of a second. */
export function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program comes first, in parentheses, and may contain anything.
  const [user, system] = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

/** When the last snapshot's first and last bytes came, by `performance.now()`, and this process's processor time before. */
export const received = { firstByte: 0, lastByte: 0, cpuBefore: 0 };
function isSnapshot(event: unknown): boolean {
  return (event as { request: { path: string } }).request.path.startsWith("/v1/snapshot");
}
subscribe("undici:request:headers", (event) => {
  if (!isSnapshot(event)) return;
  received.firstByte = performance.now();
  received.cpuBefore = ownCpu();
});
subscribe("undici:request:trailers", (event) => {
  if (isSnapshot(event)) received.lastByte = performance.now();
});

export interface Replay {
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * A server in a process of its own that sends one archive as Consul does, after a silence: what a client does with it is
 * measured without the time that Consul takes to make one.
 *
 * @param archive - a file, or the size of a generated one in bytes of state
 */
export async function startReplay(archive: string | number): Promise<Replay> {
  const program = ["--import", "tsx", join(__dirname, "replay.ts"), String(archive)];
  const child = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "inherit"] });
  const [address] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    address,
    stop: async () => {
      child.kill();
      await once(child, "close");
    },
  };
}

/** Inflates an archive and does nothing else with it, or hashes what comes: the least that any verification must do. */
export async function inflated(file: string, hash?: NodeJS.WritableStream): Promise<void> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  const source = createReadStream(file, { highWaterMark: CHUNK });
  if (hash !== undefined) return pipeline(source, gunzip, hash);
  return pipeline(source, gunzip, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) if (chunk.length === 0) return;
  });
}

/** Runs a node process to its end. */
export function runNode(...args: string[]): Promise<unknown> {
  return exec(process.execPath, args);
}

/** How long a plugin takes until it prints its port, in milliseconds; it is ended then. */
export async function portTime(file: string, args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  await once(child.stdout, "data");
  const took = performance.now() - started;
  child.kill("SIGKILL");
  await ended;
  return took;
}

/**
 * Milliseconds of a walk over a whole state, in the pieces in which a reader gets it.
 *
 * @param kv - how keys are counted by prefix. Default: by two segments
 */
export function walkOf(state: Buffer, kv: KvOptions = {}): number {
  const walker = new StateWalker(kv);
  const started = performance.now();
  for (let at = 0; at < state.length; at += PIECE) walker.push(state.subarray(at, at + PIECE));
  walker.end();
  return performance.now() - started;
}

/** The content of `state.bin`: the second member, behind meta.json's header and one block of its content. */
export async function stateOf(file: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  const gunzip = createReadStream(file).pipe(createGunzip());
  for await (const chunk of gunzip) parts.push(chunk as Buffer);
  const tar = Buffer.concat(parts);
  const sizeAt = (header: number): number => parseInt(tar.toString("latin1", header + 124, header + 135), 8);
  const header = 512 + Math.ceil(sizeAt(0) / 512) * 512;
  return tar.subarray(header + 512, header + 512 + sizeAt(header));
}

/**
 * Writes at its end how much memory the process has had at most, in kilobytes. Linux hands `maxRSS` down from the parent,
 * so there the kernel's own mark of this program is read.
 */
const TELL_MEMORY = `
import { existsSync, readFileSync } from "node:fs";
process.on("exit", () => {
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
  const peak = /VmHWM:\\s+(\\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  process.stderr.write("rss " + peak + "\\n");
});
`;

/** Peak RSS of a node process in megabytes; with `stateBytes`, it reads a generated archive of that size. */
export async function peakOf(args: readonly string[], stateBytes?: number): Promise<number> {
  const script = `data:text/javascript,${encodeURIComponent(TELL_MEMORY)}`;
  const child = spawn(process.execPath, ["--import", script, ...args], { stdio: ["pipe", "ignore", "pipe"] });
  let output = "";
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  const ended = once(child, "close");
  if (stateBytes === undefined) child.stdin.end();
  else await pipeline(generatedArchive(stateBytes), child.stdin);
  await ended;
  const [, kilobytes] = /rss (\d+)/.exec(output) ?? [];
  if (kilobytes === undefined) throw new Error(`the process wrote: ${output}`);
  return Number(kilobytes) / 1000;
}
