/**
 * A save of a large archive beside `curl` of the same endpoint and `consul snapshot save`, in turn, in one run; and several at
 * once. Draws `docs/images/save-times.svg`.
 */

import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { AwaitedReader } from "../provider/archive/thread/openReader";
import { ConsulClient } from "../provider/consul/client";
import { resolveConnection } from "../provider/consul/connection";
import { publish, unixNanoseconds } from "../provider/save/publish";
import { openVerifiedStream } from "../provider/save/verifiedStream";
import { openStore } from "../provider/store/backends";
import { parseLocation } from "../provider/store/location";
import { consulBinary, fillKv, startConsul } from "../tests/support/consul/consul";
import { saveTo } from "../tests/support/programs/saving";
import { barChart } from "./chart";
import { curlSnapshot, inflated, median, ms, received, startReplay, table, timed, timedSave } from "./lib";

const exec = promisify(execFile);
const ROUNDS = 5;
const KEYS = 150_000;
const AT_ONCE = 4;
const CHART = resolve("docs/images/save-times.svg");

interface Round {
  readonly curl: number;
  readonly curlTail: number;
  readonly ours: number;
  readonly oursTail: number;
  readonly phases: Phases;
  readonly command: number;
  readonly inflate: number;
  /** After the first byte of a server that has its archive ready. */
  readonly one: number;
  readonly several: number;
}

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-save-"));
  const file = join(folder, "archive.snap");
  try {
    const rounds = await measureAll(folder, file);
    const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
    await writeFile(CHART, chartOf(of));
    return `## Saving ${((await stat(file)).size / 1e6).toFixed(0)} MB (${KEYS.toLocaleString("en")} keys)

![Times of a whole save with curl, consul-snapshot and consul snapshot save, in parts: server, network, verification, store.](../images/save-times.svg)

Medians of ${ROUNDS} rounds, each taking all in turn; ratios are those of the same round.

${table(
  ["", "time", "× curl", "after the first byte", "× inflating alone"],
  [
    ["`curl -o` of /v1/snapshot", ms(of((r) => r.curl)), "1.00", ms(of((r) => r.curlTail)), ""],
    [
      "ours: verified, durable, with manifest",
      ms(of((r) => r.ours)),
      of((r) => r.ours / r.curl).toFixed(2),
      ms(of((r) => r.oursTail)),
      of((r) => r.oursTail / r.inflate).toFixed(2),
    ],
    ["\`consul snapshot save\`", ms(of((r) => r.command)), of((r) => r.command / r.curl).toFixed(2), "", ""],
    ["inflating that file alone, in Node", "", "", ms(of((r) => r.inflate)), "1.00"],
  ],
)}

Consul sends nothing until it has compressed everything, so what a client can do better or worse is the part after the first
byte. Verification and storing run while the archive is received; the chart shows what remains of each after the last byte.
What \`consul snapshot save\` does after it has received the archive, reading it again and storing it, is shown as verification.
The part of the server, which each of them asks for the same, is that of \`curl\` in all.

From a server that has its archive ready:

${table(
  ["", "after the first byte", "an archive, × inflating alone"],
  [
    ["one save", ms(of((r) => r.one)), of((r) => r.one / r.inflate).toFixed(2)],
    [
      `${AT_ONCE} saves at once in one process`,
      ms(of((r) => r.several)),
      of((r) => r.several / AT_ONCE / r.inflate).toFixed(2),
    ],
  ],
)}
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureAll(folder: string, file: string): Promise<Round[]> {
  const consul = await startConsul();
  try {
    await fillKv(consul, { keys: KEYS, bytes: 1600 });
    await curlSnapshot(consul.address, file);
    const replay = await startReplay(file);
    try {
      const rounds: Round[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const curl = await curlSnapshot(consul.address, file);
        const ours = await timedSave(() => saveTo(`${folder}/ours/`, { address: consul.address }));
        const phases = await savePhases(`${folder}/phases/`, consul.address);
        const command = await timed(() =>
          exec(consulBinary(), ["snapshot", "save", "-http-addr", consul.address, join(folder, "command.snap")]),
        );
        const inflate = await timed(() => inflated(file));
        const one = await timedSave(() => saveTo(`${folder}/one/`, { address: replay.address }));
        const targets = Array.from({ length: AT_ONCE }, (_, at) => `${folder}/${at}/`);
        const several = await timedSave(() =>
          Promise.all(targets.map((target) => saveTo(target, { address: replay.address }))),
        );
        await removeSaves(folder, file);
        // The first round fills caches and is not counted.
        if (round < 0) continue;
        rounds.push({
          curl: curl.ms,
          curlTail: curl.tail,
          ours: ours.ms,
          oursTail: ours.tail,
          phases,
          command: command.ms,
          inflate: inflate.ms,
          one: one.tail,
          several: several.tail,
        });
      }
      return rounds;
    } finally {
      await replay.stop();
    }
  } finally {
    await consul.stop();
  }
}

interface Phases {
  readonly network: number;
  readonly verification: number;
  readonly store: number;
}

/** A save of which it is known when the archive was received, verified and stored, in milliseconds each. */
async function savePhases(target: string, address: string): Promise<Phases> {
  const { signal } = new AbortController();
  const location = parseLocation(target);
  const store = await openStore(location);
  const connection = resolveConnection({ address }, { config: () => undefined, env: {} });
  const client = new ConsulClient(connection, { signal, notice: () => undefined });
  const reader = new AwaitedReader();
  let verifiedAt = 0;
  async function* watch(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* bytes;
    verifiedAt = performance.now();
  }
  try {
    const response = await client.snapshot({ consistency: "consistent" });
    const verified = await openVerifiedStream(response.body, reader.open(), () => undefined);
    const archive = { ...verified, about: {}, nanoseconds: unixNanoseconds(verified.meta) };
    const owner = { organization: "organization", project: "bench", stack: "dev", name: "backup" };
    const request = {
      target: location,
      overwrite: false,
      purpose: "backup",
      consistency: "consistent",
      owner,
    } as const;
    await publish(store, archive, request, signal, watch);
    const { firstByte, lastByte } = received;
    return {
      network: lastByte - firstByte,
      verification: Math.max(0, verifiedAt - lastByte),
      store: performance.now() - Math.max(verifiedAt, lastByte),
    };
  } finally {
    reader.destroy();
    await client.close();
    store.close();
  }
}

/** Each asks Consul for the same: its own part is that of `curl` in all of them. */
function chartOf(of: (pick: (round: Round) => number) => number): string {
  const server = of((r) => r.curl - r.curlTail);
  const network = of((r) => r.curlTail);
  return barChart("One save", [
    {
      label: "curl, not verified",
      parts: [
        { kind: "server", ms: server },
        { kind: "network", ms: network },
      ],
    },
    {
      label: "consul-snapshot",
      parts: [
        { kind: "server", ms: server },
        ...(["network", "verification", "store"] as const).map((kind) => ({ kind, ms: of((r) => r.phases[kind]) })),
      ],
    },
    {
      label: "consul snapshot save",
      parts: [
        { kind: "server", ms: server },
        { kind: "network", ms: network },
        { kind: "verification", ms: Math.max(0, of((r) => r.command) - server - network) },
      ],
    },
  ]);
}

async function removeSaves(folder: string, file: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (join(folder, name) !== file) await rm(join(folder, name), { recursive: true, force: true });
  }
}
