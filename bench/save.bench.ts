/** A save of a large archive beside `curl` of the same endpoint and `consul snapshot save`, in turn, in one run. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { consulBinary, fillKv, startConsul } from "../tests/support/consul";
import { saveTo } from "../tests/support/saving";
import { curlSnapshot, inflated, median, ms, table, timed, timedSave } from "./lib";

const exec = promisify(execFile);
const ROUNDS = 5;
const KEYS = 150_000;

interface Round {
  readonly curl: number;
  readonly curlTail: number;
  readonly ours: number;
  readonly oursTail: number;
  readonly command: number;
  readonly alone: number;
  readonly bytes: number;
}

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-save-"));
  const consul = await startConsul();
  try {
    await fillKv(consul, { keys: KEYS, bytes: 1600 });
    const rounds: Round[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const file = join(folder, "archive.snap");
      const curl = await curlSnapshot(consul.address, file);
      const ours = await timedSave(() => saveTo(`${folder}/ours/`, { address: consul.address }));
      const command = await timed(() =>
        exec(consulBinary(), ["snapshot", "save", "-http-addr", consul.address, join(folder, "command.snap")]),
      );
      const alone = await timed(() => inflated(file, createHash("sha256")));
      // The first round fills caches and is not counted.
      if (round < 0) continue;
      rounds.push({
        curl: curl.ms,
        curlTail: curl.tail,
        ours: ours.ms,
        oursTail: ours.tail,
        command: command.ms,
        alone: alone.ms,
        bytes: (await stat(file)).size,
      });
    }
    const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
    return `## Saving ${(of((r) => r.bytes) / 1e6).toFixed(0)} MB (${KEYS.toLocaleString("en")} keys)

Medians of ${ROUNDS} rounds, each taking the three in turn; ratios are those of the same round.

${table(
  ["", "time", "× curl", "after the first byte"],
  [
    ["`curl -o` of /v1/snapshot", ms(of((r) => r.curl)), "1.00", ms(of((r) => r.curlTail))],
    [
      "ours: verified, durable, with manifest",
      ms(of((r) => r.ours)),
      of((r) => r.ours / r.curl).toFixed(2),
      ms(of((r) => r.oursTail)),
    ],
    ["`consul snapshot save`", ms(of((r) => r.command)), of((r) => r.command / r.curl).toFixed(2), ""],
    ["inflate and SHA-256 of the file alone, in Node", ms(of((r) => r.alone)), "", ""],
  ],
)}

The server is silent until it has compressed everything, so what a client can do better or worse is the part after the
first byte.
`;
  } finally {
    await consul.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
