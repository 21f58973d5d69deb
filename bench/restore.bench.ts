/** A restore of a large archive beside `curl` of the same endpoint and `consul snapshot restore`, in turn, in one run. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { resolveConnection } from "../provider/consul/connection";
import { ConsulClient } from "../provider/consul/client";
import { openStore } from "../provider/store/backends";
import { parseLocation } from "../provider/store/location";
import { Source } from "../provider/restore/source";
import { NO_DECRYPTION } from "../provider/age/identities";
import { type ConsulServer, consulBinary, fillKv, startConsul } from "../tests/support/consul/consul";
import { saveTo } from "../tests/support/programs/saving";
import { median, ms, table, timed } from "./lib";

const exec = promisify(execFile);
const ROUNDS = 3;
const KEYS = 350_000;

interface Round {
  readonly curl: number;
  readonly command: number;
  readonly verification: number;
  readonly put: number;
}

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-restore-"));
  const consul = await startConsul();
  try {
    await fillKv(consul, { keys: KEYS, bytes: 1600 });
    const archive = (await saveTo(`${folder}/`, { address: consul.address })).saved.manifest.location;
    const rounds: Round[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const url = `http://${consul.address}/v1/snapshot`;
      const curl = await timed(() => exec("curl", ["-sf", "-T", archive, url]));
      const command = await timed(() =>
        exec(consulBinary(), ["snapshot", "restore", "-http-addr", consul.address, archive]),
      );
      const { verification, put } = await ours(consul, archive);
      // The first round fills caches and is not counted.
      if (round >= 0) rounds.push({ curl: curl.ms, command: command.ms, verification, put });
    }
    const whole = await phases(consul, archive, join(folder, "safety"));
    const reading = await timed(() => exec("curl", ["-sf", "-o", "/dev/null", `http://${consul.address}/v1/snapshot`]));
    const inspecting = await timed(() => exec(consulBinary(), ["snapshot", "inspect", archive]));
    const besides = { readingMs: reading.ms, inspectingMs: inspecting.ms };
    return describe(rounds, whole, besides, (await stat(archive)).size);
  } finally {
    await consul.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What stands beside the command: all of the archive verified, then sent. */
async function ours(consul: ConsulServer, archive: string): Promise<{ verification: number; put: number }> {
  const { signal } = new AbortController();
  const connection = resolveConnection({ address: consul.address }, { config: () => undefined, env: {} });
  const client = new ConsulClient(connection, { signal, notice: () => undefined });
  const place = parseLocation(archive);
  const store = await openStore(place);
  const source = await Source.open(place, store, NO_DECRYPTION, signal);
  try {
    const read = await timed(() => source.read());
    const { report } = read.value;
    const put = await timed(() => client.restore({ bytes: source.bytes(), size: report.archiveSize }));
    if (put.value !== undefined) throw new Error("Consul did not restore the archive", { cause: put.value });
    return { verification: read.ms, put: put.ms };
  } finally {
    store.close();
    await client.close();
  }
}

interface Whole {
  /** Milliseconds of each phase, by the line that begins it. */
  readonly times: ReadonlyMap<string, number>;
  /** Peak resident bytes, and those of a process that loads the same code and restores nothing. */
  readonly peak: number;
  readonly idle: number;
}

/** A whole restore in a process of its own, as its own lines of progress time it. */
async function phases(consul: ConsulServer, archive: string, safety: string): Promise<Whole> {
  const idle = await restoreProcess(["/nowhere.snap", consul.address, `${safety}/`, "nothing"]);
  const whole = await restoreProcess([archive, consul.address, `${safety}/`, "bench"]);
  return { times: whole.times, peak: whole.peak, idle: idle.peak };
}

const STARTS: readonly (readonly [RegExp, string])[] = [
  [/^verifying/, "verification"],
  [/^observing the cluster/, "observing the cluster, shortened (it must be stable for 3 s otherwise)"],
  [/^waiting for Consul to write|received/, "safety snapshot"],
  [/^restoring|waiting for Consul to restore/, "PUT"],
  [/^waiting for the cluster/, "waiting for a leader"],
  [/^reading the cluster back/, "reading back"],
  [/^waiting until all voters/, "waiting for all voters"],
];

async function restoreProcess(args: readonly string[]): Promise<{ times: Map<string, number>; peak: number }> {
  const script = ["--import", "tsx", "tests/support/programs/restorer.ts"];
  const child = spawn(process.execPath, [...script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const times = new Map<string, number>();
  let current: string | undefined;
  let since = performance.now();
  const end = (): void => {
    if (current !== undefined) times.set(current, (times.get(current) ?? 0) + performance.now() - since);
    since = performance.now();
  };
  let peak = Number.NaN;
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const next = STARTS.find(([pattern]) => pattern.test(line))?.[1];
    if (next !== undefined && next !== current) {
      end();
      current = next;
    }
    const peakLine = /^peak (\d+)$/.exec(line);
    if (peakLine === null) return;
    end();
    current = undefined;
    peak = Number(peakLine[1]);
  });
  await once(lines, "close");
  return { times, peak };
}

function describe(
  rounds: readonly Round[],
  { times, peak, idle }: Whole,
  { readingMs, inspectingMs }: { readonly readingMs: number; readonly inspectingMs: number },
  bytes: number,
): string {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const server: Readonly<Record<string, string>> = {
    "safety snapshot": `${ms(readingMs)}: \`curl\` of /v1/snapshot`,
    "reading back": `${ms(readingMs)}: \`curl\` of /v1/snapshot`,
    PUT: `${ms(of((r) => r.curl))}: \`curl -T\``,
    verification: `${ms(inspectingMs)}: \`consul snapshot inspect\``,
  };
  return `## Restoring ${(bytes / 1e6).toFixed(0)} MB (${KEYS.toLocaleString("en")} keys)

Medians of ${ROUNDS} rounds, each taking the three in turn; ratios are those of the same round.

${table(
  ["", "time", "× curl", "× the command"],
  [
    ["`curl -T` to /v1/snapshot", ms(of((r) => r.curl)), "1.00", of((r) => r.curl / r.command).toFixed(2)],
    ["`consul snapshot restore`", ms(of((r) => r.command)), of((r) => r.command / r.curl).toFixed(2), "1.00"],
    ["ours: PUT", ms(of((r) => r.put)), of((r) => r.put / r.curl).toFixed(2), of((r) => r.put / r.command).toFixed(2)],
    [
      "ours: verification and PUT",
      ms(of((r) => r.verification + r.put)),
      of((r) => (r.verification + r.put) / r.curl).toFixed(2),
      of((r) => (r.verification + r.put) / r.command).toFixed(2),
    ],
  ],
)}

What the command does not do, in one whole restore, each step beside what others need for it:

${table(
  ["step", "time", "beside it"],
  [...times].map(([step, time]) => [step, ms(time), server[step] ?? ""]),
)}

Peak memory of that restore over the same process that restores nothing: ${((peak - idle) / 1e6).toFixed(0)} MB.
`;
}
