/** What retention costs after a save, at a place with many archives of the series: in a folder and in a bucket. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prune } from "../provider/retention/prune";
import { versitygw } from "../tests/support/stores/s3";
import { fillPlace, type FilledPlace } from "./filledPlace";
import { median, ms, table, timed } from "./lib";

const ROUNDS = 5;
const COUNTS = [1000, 5000] as const;

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-retention-"));
  const server = await versitygw.start();
  Object.assign(process.env, server.env);
  const places: FilledPlace[] = [];
  try {
    const rows: string[][] = [];
    for (const count of COUNTS) {
      const inFolder = await fillPlace(`${folder}/${count}/`, count);
      const inBucket = await fillPlace(server.url(`${count}/`), count);
      places.push(inFolder, inBucket);
      const times: { folder: number; bucket: number }[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const each = { folder: await timeOf(inFolder, count), bucket: await timeOf(inBucket, count) };
        // The first round fills caches and is not counted.
        if (round >= 0) times.push(each);
      }
      const [one, other] = [median(times.map((t) => t.folder)), median(times.map((t) => t.bucket))];
      rows.push([count.toLocaleString("en"), ms(one), perArchive(one, count), ms(other), perArchive(other, count)]);
    }
    return `## Retention at a place with many archives

One listing and a read of each manifest of the series; the policy keeps all, so nothing is removed. Medians of ${ROUNDS} rounds.
The bucket is on versitygw on this machine.

${table(["archives", "folder", "an archive", "bucket", "an archive"], rows)}
`;
  } finally {
    for (const { store } of places) store.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function perArchive(time: number, count: number): string {
  return `${((time * 1000) / count).toFixed(0)} µs`;
}

async function timeOf({ store, template, newest }: FilledPlace, count: number): Promise<number> {
  const reporter = {
    signal: new AbortController().signal,
    status: () => undefined,
    info: () => undefined,
    warn: (message: string) => console.warn(message),
  };
  const policy = { keepLast: count + 1 };
  const { ms, value } = await timed(() => prune({ store, template, policy, now: new Date(), saved: newest }, reporter));
  if (value?.kept !== count) throw new Error(`kept ${value?.kept} of ${count}`);
  return ms;
}
