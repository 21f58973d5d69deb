/**
 * Reading a large archive beside `consul snapshot inspect -kvdetails`, and beside inflate and SHA-256 alone; what the
 * reading holds of memory; and the command's start.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { ArchiveReader } from "../provider/archive/reader";
import { consulBinary, fillKv, startConsul } from "../tests/support/consul/consul";
import { CHUNK, inflated, median, ms, peakOf, runNode, stateOf, table, timed, walkOf } from "./lib";

const exec = promisify(execFile);
const ROUNDS = 7;
const KEYS = 150_000;
const COMMAND = resolve("dist/cli/main.js");

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
        ours: (await timed(() => runNode(COMMAND, "inspect", "--kvdetails", file))).ms,
        reader: (await timed(() => readAll(file))).ms,
        alone: (await timed(() => inflated(file, createHash("sha256")))).ms,
        inflate: (await timed(() => inflated(file))).ms,
        bareNode: (await timed(() => runNode("-e", "0"))).ms,
        start: (await timed(() => runNode(COMMAND, "--version"))).ms,
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
    const started = performance.now();
    createHash("sha256").update(state).digest();
    hash.push(performance.now() - started);
    walk.push(walkOf(state));
  }
  return { bytes: state.length, hash: median(hash), walk: median(walk) };
}
