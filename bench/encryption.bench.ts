/** What encryption costs: a save with it beside the same save without, and the payload alone. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encrypt } from "../provider/age/encrypt";
import { keyPair } from "../tests/support/archives/ageKeys";
import { fillKv, startConsul } from "../tests/support/consul/consul";
import { saveTo } from "../tests/support/programs/saving";
import { median, ms, table, timed, timedSave } from "./lib";

/** Many, for the server takes now more, now less time to compress, and encrypting costs less than that differs by. */
const ROUNDS = 9;
const KEYS = 150_000;
const CHUNK = 256 * 1024;
const CHUNKS = 2048;

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-encryption-"));
  const [consul, { recipient }] = [await startConsul(), await keyPair()];
  try {
    await fillKv(consul, { keys: KEYS, bytes: 1600 });
    const rounds: {
      readonly plain: number;
      readonly plainTail: number;
      readonly sealed: number;
      readonly sealedTail: number;
      readonly payload: number;
      readonly bytes: number;
    }[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const connection = { address: consul.address };
      const plain = await timedSave(() => saveTo(`${folder}/plain/`, connection));
      const sealed = await timedSave(() => saveTo(`${folder}/sealed/`, connection, { recipients: [recipient] }));
      const payload = await timed(() => drain(encrypt(zeros(), [recipient])));
      // The first round fills caches and is not counted.
      if (round < 0) continue;
      const bytes = sealed.value.saved.manifest.archiveSize;
      rounds.push({
        plain: plain.ms,
        plainTail: plain.tail,
        sealed: sealed.ms,
        sealedTail: sealed.tail,
        payload: payload.ms,
        bytes,
      });
    }
    const of = (pick: (round: (typeof rounds)[number]) => number): number => median(rounds.map(pick));
    const rate = of(({ payload }) => (CHUNK * CHUNKS) / 1e3 / payload);
    return `## Encrypting ${(of(({ bytes }) => bytes) / 1e6).toFixed(0)} MB (${KEYS.toLocaleString("en")} keys)

Medians of ${ROUNDS} rounds, each taking the two in turn; ratios are those of the same round.

${table(
  ["save to a folder", "time", "× without", "after the server's first byte"],
  [
    ["without encryption", ms(of(({ plain }) => plain)), "1.00", ms(of(({ plainTail }) => plainTail))],
    [
      "for one recipient",
      ms(of(({ sealed }) => sealed)),
      of(({ plain, sealed }) => sealed / plain).toFixed(2),
      ms(of(({ sealedTail }) => sealedTail)),
    ],
  ],
)}

The payload alone: ${rate.toFixed(0)} MB/s.
`;
  } finally {
    await consul.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* zeros(): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(CHUNK);
  for (let given = 0; given < CHUNKS; given++) yield chunk;
}

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) if (chunk.length === 0) return;
}
