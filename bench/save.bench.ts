/** A save of a large archive beside `curl` of the same endpoint and `consul snapshot save`, in turn, in one run. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { consulBinary, fillKv, startConsul } from "../tests/support/consul";
import { saveTo } from "../tests/support/saving";
import { median, ms, table, timed } from "./lib";

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
  let firstByte = 0;
  subscribe("undici:request:headers", (event) => {
    if ((event as { request: { path: string } }).request.path.startsWith("/v1/snapshot")) firstByte = performance.now();
  });
  try {
    await fillKv(consul, { keys: KEYS, bytes: 1600 });
    const rounds: Round[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const file = join(folder, "archive.snap");
      const curl = await timed(() =>
        exec("curl", ["-sf", "-o", file, "-w", "%{time_starttransfer}", `http://${consul.address}/v1/snapshot`]),
      );
      const started = performance.now();
      const ours = await timed(() => saveTo(`${folder}/ours/`, { address: consul.address }));
      const command = await timed(() =>
        exec(consulBinary(), ["snapshot", "save", "-http-addr", consul.address, join(folder, "command.snap")]),
      );
      const alone = await timed(() => inflateAndHash(file));
      // The first round fills caches and is not counted.
      if (round < 0) continue;
      rounds.push({
        curl: curl.ms,
        curlTail: curl.ms - Number(curl.value.stdout) * 1000,
        ours: ours.ms,
        oursTail: started + ours.ms - firstByte,
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

async function inflateAndHash(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), createGunzip({ chunkSize: 256 * 1024 }), hash);
  return hash.digest("hex");
}
