/** What encryption costs: a save with it beside the same save without, and the payload alone. */

import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encrypt } from "../provider/age/encrypt";
import { keyPair } from "../tests/support/archives/ageKeys";
import { fillKv, startConsul } from "../tests/support/consul/consul";
import { saveTo } from "../tests/support/programs/saving";
import { CHUNK, median, ms, table, timed, timedSave } from "./lib";

/** Many, for the server takes now more, now less time to compress, and encrypting costs less than that differs by. */
const ROUNDS = 9;
const KEYS = 150_000;

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
      readonly plainCpu: number;
      readonly sealedCpu: number;
      readonly payload: number;
      readonly hash: number;
      readonly bytes: number;
    }[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const connection = { address: consul.address };
      const plain = await timedSave(() => saveTo(`${folder}/plain/`, connection));
      const sealed = await timedSave(() => saveTo(`${folder}/sealed/`, connection, { recipients: [recipient] }));
      const bytes = sealed.value.saved.manifest.archiveSize;
      const payload = await timed(() => drain(encrypt(zeros(bytes), [recipient])));
      const hash = await timed(() => hashed(zeros(bytes)));
      // The first round fills caches and is not counted.
      if (round < 0) continue;
      rounds.push({
        plain: plain.ms,
        plainTail: plain.tail,
        sealed: sealed.ms,
        sealedTail: sealed.tail,
        plainCpu: plain.cpu,
        sealedCpu: sealed.cpu,
        payload: payload.ms,
        hash: hash.ms,
        bytes,
      });
    }
    const of = (pick: (round: (typeof rounds)[number]) => number): number => median(rounds.map(pick));
    const rate = of(({ payload, bytes }) => bytes / 1e3 / payload);
    return `## Encrypting ${(of(({ bytes }) => bytes) / 1e6).toFixed(0)} MB (${KEYS.toLocaleString("en")} keys)

Medians of ${ROUNDS} rounds, each taking the two in turn; ratios are those of the same round.

${table(
  ["save to a folder", "time", "× without", "after the server's first byte", "processor time after it"],
  [
    [
      "without encryption",
      ms(of(({ plain }) => plain)),
      "1.00",
      ms(of(({ plainTail }) => plainTail)),
      ms(of(({ plainCpu }) => plainCpu)),
    ],
    [
      "for one recipient",
      ms(of(({ sealed }) => sealed)),
      of(({ plain, sealed }) => sealed / plain).toFixed(2),
      ms(of(({ sealedTail }) => sealedTail)),
      ms(of(({ sealedCpu }) => sealedCpu)),
    ],
  ],
)}

Where the processor time goes, each part measured alone:

${table(
  ["part", "time"],
  [
    [`ChaCha20-Poly1305, and its buffers (${rate.toFixed(0)} MB/s)`, ms(of(({ payload }) => payload))],
    ["SHA-256 of the encrypted archive, for the manifest", ms(of(({ hash }) => hash))],
    [
      "the rest: copying, and collecting buffers while the archive is received",
      ms(of(({ plainCpu, sealedCpu, payload, hash }) => sealedCpu - plainCpu - payload - hash)),
    ],
  ],
)}
`;
  } finally {
    await consul.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** In pieces as large as those of a save. */
// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(CHUNK);
  for (let left = bytes; left > 0; left -= CHUNK) yield chunk.subarray(0, left);
}

async function hashed(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) if (chunk.length === 0) return;
}
