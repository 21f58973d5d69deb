/** What every measurement needs: a clock, medians, a table, and what others do with a snapshot. */

import { execFile } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";

const exec = promisify(execFile);
/** Bytes that are read, and inflated, at a time. */
export const CHUNK = 256 * 1024;

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

/** Times work that asks for one snapshot in this process, in whole and after the snapshot's first byte. */
export async function timedSave<T>(work: () => Promise<T>): Promise<{ ms: number; tail: number; value: T }> {
  const { ms, value } = await timed(work);
  return { ms, tail: performance.now() - firstByte, value };
}

let firstByte = 0;
subscribe("undici:request:headers", (event) => {
  if ((event as { request: { path: string } }).request.path.startsWith("/v1/snapshot")) firstByte = performance.now();
});

/** Inflates an archive and does nothing else with it, or hashes what comes: the least that whoever verifies must do. */
export async function inflated(file: string, hash?: NodeJS.WritableStream): Promise<void> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  const source = createReadStream(file, { highWaterMark: CHUNK });
  if (hash !== undefined) return pipeline(source, gunzip, hash);
  return pipeline(source, gunzip, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) if (chunk.length === 0) return;
  });
}
