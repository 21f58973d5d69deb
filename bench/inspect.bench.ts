/**
 * Reading a large archive beside `consul snapshot inspect -kvdetails`, and beside inflate and SHA-256 alone; what the
 * reading holds of memory; and the command's start.
 */

import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { ArchiveReader } from "../provider/archive/reader";
import { StateWalker } from "../provider/archive/records";
import { consulBinary, fillKv, startConsul } from "../tests/support/consul";
import { generatedArchive } from "../tests/support/generatedArchive";
import { CHUNK, inflated, median, ms, table, timed } from "./lib";

const exec = promisify(execFile);
const ROUNDS = 7;
const KEYS = 150_000;
const COMMAND = resolve("dist/cli/main.js");
/**
 * Tells at its end how much memory the process has had at most, in kilobytes. Linux hands `maxRSS` down from the parent,
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

interface Round {
  readonly command: number;
  readonly ours: number;
  readonly reader: number;
  readonly alone: number;
  readonly inflate: number;
  readonly bareNode: number;
  readonly start: number;
}

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-inspect-"));
  const file = join(folder, "archive.snap");
  try {
    await takeArchive(file);
    const rounds: Round[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const times: Round = {
        command: (await timed(() => exec(consulBinary(), ["snapshot", "inspect", "-kvdetails", file]))).ms,
        ours: (await timed(() => node(COMMAND, "inspect", "--kvdetails", file))).ms,
        reader: (await timed(() => readAll(file))).ms,
        alone: (await timed(() => inflated(file, createHash("sha256")))).ms,
        inflate: (await timed(() => inflated(file))).ms,
        bareNode: (await timed(() => node("-e", "0"))).ms,
        start: (await timed(() => node(COMMAND, "--version"))).ms,
      };
      // The first round fills caches and is not counted.
      if (round >= 0) rounds.push(times);
    }
    const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
    const parts = await partsOf(file);
    const bare = await peakOf(["-e", "0"]);
    const peak = await peakOf([COMMAND, "inspect", "--kvdetails", file]);
    const peakOfLarge = await peakOf([COMMAND, "inspect", "--kvdetails", "-"], 2e9);
    return `## Reading ${((await stat(file)).size / 1e6).toFixed(0)} MB, ${(parts.bytes / 1e6).toFixed(0)} MB of state (${KEYS.toLocaleString("en")} keys)

Medians of ${ROUNDS} rounds, each taking all in turn; ratios are those of the same round.

${table(
  ["", "time", "× `consul snapshot inspect`", "× inflate and SHA-256"],
  [
    ["`consul snapshot inspect -kvdetails`", ms(of((r) => r.command)), "1.00", ""],
    [
      "`consul-snapshot inspect --kvdetails`: verified, with contents and digests",
      ms(of((r) => r.ours)),
      of((r) => r.ours / r.command).toFixed(2),
      of((r) => r.ours / r.alone).toFixed(2),
    ],
    [
      "the same in a process that runs already",
      ms(of((r) => r.reader)),
      of((r) => r.reader / r.command).toFixed(2),
      of((r) => r.reader / r.alone).toFixed(2),
    ],
    ["inflate and SHA-256 of the file alone, in Node", ms(of((r) => r.alone)), "", "1.00"],
  ],
)}

Where the time goes, each part measured alone. Inflating runs on another thread, beside the rest:

${table(
  ["part", "time"],
  [
    ["inflate", ms(of((r) => r.inflate))],
    ["SHA-256 of \`state.bin\`", ms(parts.hash)],
    ["walk, with a digest of each record", ms(parts.walk)],
  ],
)}

Memory and start:

${table(
  ["", ""],
  [
    ["peak RSS over a bare node process", `${(peak - bare).toFixed(0)} MB`],
    ["the same for 2 GB of state, made as it is read", `${(peakOfLarge - bare).toFixed(0)} MB`],
    ["`node -e 0`", ms(of((r) => r.bareNode))],
    ["`consul-snapshot --version`", `${ms(of((r) => r.start))}, × ${of((r) => r.start / r.bareNode).toFixed(2)}`],
  ],
)}
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function takeArchive(file: string): Promise<void> {
  const consul = await startConsul();
  try {
    await fillKv(consul, { keys: KEYS, bytes: 1600 });
    await exec("curl", ["-sf", "-o", file, `http://${consul.address}/v1/snapshot`]);
  } finally {
    await consul.stop();
  }
}

function node(...args: string[]): Promise<unknown> {
  return exec(process.execPath, args);
}

async function readAll(file: string): Promise<void> {
  const reader = new ArchiveReader({ kv: {} });
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) await reader.write(chunk as Buffer);
  await reader.end();
}

async function partsOf(file: string): Promise<{ bytes: number; hash: number; walk: number }> {
  const state = await stateOf(file);
  const hash: number[] = [];
  const walk: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let started = performance.now();
    createHash("sha256").update(state).digest();
    hash.push(performance.now() - started);
    const walker = new StateWalker({});
    started = performance.now();
    for (let at = 0; at < state.length; at += CHUNK) walker.push(state.subarray(at, at + CHUNK));
    walker.end();
    walk.push(performance.now() - started);
  }
  return { bytes: state.length, hash: median(hash), walk: median(walk) };
}

/** The content of `state.bin`: the second member, behind meta.json's header and one block of its content. */
async function stateOf(file: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  const gunzip = createReadStream(file).pipe(createGunzip());
  for await (const chunk of gunzip) parts.push(chunk as Buffer);
  const tar = Buffer.concat(parts);
  const sizeAt = (header: number): number => parseInt(tar.toString("latin1", header + 124, header + 135), 8);
  const header = 512 + Math.ceil(sizeAt(0) / 512) * 512;
  return tar.subarray(header + 512, header + 512 + sizeAt(header));
}

/** Peak RSS of a node process in megabytes; with `stateBytes`, it reads a generated archive of that size. */
async function peakOf(args: readonly string[], stateBytes?: number): Promise<number> {
  const script = `data:text/javascript,${encodeURIComponent(TELL_MEMORY)}`;
  const child = spawn(process.execPath, ["--import", script, ...args], { stdio: ["pipe", "ignore", "pipe"] });
  let told = "";
  child.stderr.on("data", (text: Buffer) => (told += text.toString()));
  const ended = once(child, "close");
  if (stateBytes === undefined) child.stdin.end();
  else await pipeline(generatedArchive(stateBytes), child.stdin);
  await ended;
  const [, kilobytes] = /rss (\d+)/.exec(told) ?? [];
  if (kilobytes === undefined) throw new Error(`node said: ${told}`);
  return Number(kilobytes) / 1000;
}
