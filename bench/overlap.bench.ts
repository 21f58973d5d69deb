/**
 * What a restore gains if the safety snapshot begins as soon as the cluster has been observed, while the archive is still
 * verified. Each round runs both orders; which one is first alternates.
 */

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NO_DECRYPTION } from "../provider/age/identities";
import { ConsulClient } from "../provider/consul/client";
import { resolveConnection } from "../provider/consul/connection";
import { observeCluster } from "../provider/restore/clusterObservation";
import { readCluster } from "../provider/restore/currentState";
import { OBSERVATION } from "../provider/restore/prepare";
import { Source } from "../provider/restore/source";
import { openStore } from "../provider/store/backends";
import { parseLocation } from "../provider/store/location";
import { type ConsulServer, eventually, fillKv, startConsul } from "../tests/support/consul/consul";
import { saveTo } from "../tests/support/programs/saving";
import { cpuOf, median, ms, ownCpu, table, timed } from "./lib";

const ROUNDS = 2;
const KEYS = 300_000;
const VALUE_BYTES = 4000;
const MEGABIT = 125_000;

/** How fast the archive can be read, in bytes per second; without a rate, as fast as its disk. */
interface Link {
  readonly name: string;
  readonly rate?: number;
}
const LINKS: readonly Link[] = [{ name: "a folder" }, { name: "a link of 400 Mbit/s", rate: 400 * MEGABIT }];

interface Step {
  readonly ms: number;
  /** Milliseconds of processor time, of Consul and of this process: other load on the machine hardly changes it. */
  readonly cpu: number;
}

interface Preparation {
  /** Both steps and the observation of the cluster. */
  readonly ms: number;
  readonly verification: Step;
  readonly safetySnapshot: Step;
  /** Milliseconds from the beginning of the safety snapshot until the archive can be sent. */
  readonly unsaved: number;
}

interface Round {
  /** One step after another. */
  readonly inTurn: Preparation;
  /** The processor time of a step includes that of the step beside it. */
  readonly overlapping: Preparation;
  readonly put: Step;
  readonly readingBack: Step;
}

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-overlap-"));
  const consul = await startConsul();
  try {
    await fillKv(consul, { keys: KEYS, bytes: VALUE_BYTES });
    const archive = (await saveTo(`${folder}/`, { address: consul.address })).saved.manifest.location;
    const size = (await stat(archive)).size;
    console.log(`an archive of ${(size / 1e6).toFixed(0)} MB`);
    const measured = new Map<Link, readonly Round[]>();
    for (const link of LINKS) {
      const rounds: Round[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        rounds.push(await measure(consul, archive, join(folder, "safety"), link, round % 2 === 0));
        console.log(`${link.name}: ${JSON.stringify(rounds.at(-1))}`);
      }
      measured.set(link, rounds);
    }
    return describe(measured, size);
  } finally {
    await consul.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  consul: ConsulServer,
  archive: string,
  safety: string,
  link: Link,
  inTurnFirst: boolean,
): Promise<Round> {
  const { signal } = new AbortController();
  const connection = resolveConnection({ address: consul.address }, { config: () => undefined, env: {} });
  const client = new ConsulClient(connection, { signal, notice: () => undefined });
  const place = parseLocation(archive);
  const store = await openStore(place);
  if (link.rate !== undefined) {
    const [read, rate] = [store.read.bind(store), link.rate];
    store.read = (key, options) => limited(read(key, options), rate);
  }
  const source = await Source.open(place, store, NO_DECRYPTION, signal);
  const step = async (work: () => Promise<unknown>): Promise<Step> => {
    const cpu = (): number => cpuOf(consul.pid) + ownCpu();
    const before = cpu();
    const { ms } = await timed(work);
    return { ms, cpu: cpu() - before };
  };
  const prepare = async (overlaps: boolean): Promise<Preparation> => {
    const started = performance.now();
    const verifying = step(() => source.read());
    const observing = observeCluster(client, OBSERVATION, signal);
    await (overlaps ? observing : Promise.all([observing, verifying]));
    const saved = performance.now();
    const [safetySnapshot, verification] = await Promise.all([
      step(() => saveTo(`${safety}/`, { address: consul.address }, { purpose: "safety" })),
      verifying,
    ]);
    const ended = performance.now();
    await rm(safety, { recursive: true });
    return { ms: ended - started, verification, safetySnapshot, unsaved: ended - saved };
  };

  try {
    const first = await prepare(!inTurnFirst);
    const second = await prepare(inTurnFirst);
    const [inTurn, overlapping] = inTurnFirst ? [first, second] : [second, first];
    const { size } = source.object;
    const put = await step(async () => {
      const failure = await client.restore({ bytes: source.bytes(), size });
      if (failure !== undefined) throw failure.error;
    });
    const readingBack = await step(async () => {
      await eventually("a leader", async () => (await client.leader()) !== undefined);
      await readCluster(client);
    });
    return { inTurn, overlapping, put, readingBack };
  } finally {
    store.close();
    await client.close();
  }
}

/** Bytes no faster than a rate. */
async function* limited(bytes: AsyncIterable<Uint8Array>, rate: number): AsyncGenerator<Uint8Array> {
  const started = performance.now();
  let sent = 0;
  for await (const piece of bytes) {
    sent += piece.length;
    const early = (sent / rate) * 1000 - (performance.now() - started);
    if (early > 0) await delay(early);
    yield piece;
  }
}

function describe(rounds: ReadonlyMap<Link, readonly Round[]>, bytes: number): string {
  const wholeOf = (preparation: Preparation, { put, readingBack }: Round): number =>
    preparation.ms + put.ms + readingBack.ms;
  const rows = [...rounds].map(([{ name }, measured]) => {
    const of = (pick: (round: Round) => number): number => median(measured.map(pick));
    const ratio = of((round) => wholeOf(round.overlapping, round) / wholeOf(round.inTurn, round));
    return [
      name,
      ms(of(({ inTurn }) => inTurn.verification.ms)),
      ms(of(({ inTurn }) => inTurn.safetySnapshot.ms)),
      ms(of(({ put }) => put.ms)),
      ms(of(({ readingBack }) => readingBack.ms)),
      ms(of((round) => wholeOf(round.inTurn, round))),
      ratio.toFixed(2),
      `${ms(of(({ inTurn }) => inTurn.unsaved))}, ${ms(of(({ overlapping }) => overlapping.unsaved))}`,
    ];
  });
  const shares = [...rounds.values()].flat().map(({ inTurn: { verification, safetySnapshot }, put, readingBack }) => {
    return verification.cpu / (verification.cpu + safetySnapshot.cpu + put.cpu + readingBack.cpu);
  });
  return `## A safety snapshot that overlaps verification: ${(bytes / 1e6).toFixed(0)} MB (${KEYS.toLocaleString("en")} keys)

What a restore gains if its safety snapshot begins when the cluster has been observed for 3 s, instead of when the archive is
verified. A restore does so at the earliest ten seconds before verification is expected to end. Medians of ${ROUNDS} rounds, each
taking both orders; the ratio is that of the same round. Unsaved: from the beginning of the safety snapshot until the archive can be
sent, in turn and overlapping.

${table(
  [
    "the archive comes from",
    "verification",
    "safety snapshot",
    "PUT",
    "reading back",
    "whole, in turn",
    "× overlapping",
    "unsaved",
  ],
  rows,
)}

Of the processor time of a whole restore, Consul's and ours, verification takes ${(100 * median(shares)).toFixed(1)} %.
`;
}
