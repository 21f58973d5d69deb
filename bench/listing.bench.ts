/** Costs that grow with a place or with a state: listing many archives, and counting keys by many prefixes. */

import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { visitArchives } from "../provider/catalog/list";
import { generatedArchive } from "../tests/support/archives/generatedArchive";
import { versitygw } from "../tests/support/stores/s3";
import { fillPlace, type FilledPlace } from "./filledPlace";
import { median, ms, stateOf, table, timed, walkOf } from "./lib";

const ROUNDS = 5;
const ARCHIVES = [1000, 5000] as const;
/** With its key, indexes and names of fields, a record has 150 bytes. */
const VALUE_BYTES = 38;
const RECORD_BYTES = 150;
const RECORDS = [100_000, 200_000, 400_000] as const;
/** Names of keys have three segments: all have the same first one, a thousand share two, and each has its own third. */
const DEPTHS = [1, 2, 3] as const;

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-listing-"));
  try {
    return `## Listing many archives, and keys with many prefixes

Medians of ${ROUNDS} rounds. The bucket is on versitygw on this machine. Listing reads each manifest.

${table(["archives", "folder", "an archive", "bucket", "an archive"], await listings(folder))}

A walk over records of ${RECORD_BYTES} bytes, with a digest of each, that counts their keys by prefix without a limit:

${table(["records", "1 prefix", "1,000 prefixes", "a prefix for each record"], await walks(folder))}
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function listings(folder: string): Promise<string[][]> {
  const server = await versitygw.start();
  Object.assign(process.env, server.env);
  const places: FilledPlace[] = [];
  try {
    const rows: string[][] = [];
    for (const count of ARCHIVES) {
      const inFolder = await fillPlace(`${folder}/${count}/`, count);
      const inBucket = await fillPlace(server.url(`${count}/`), count);
      places.push(inFolder, inBucket);
      const times: { folder: number; bucket: number }[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const time = { folder: await listTime(inFolder, count), bucket: await listTime(inBucket, count) };
        // The first round fills caches and is not counted.
        if (round >= 0) times.push(time);
      }
      const [one, other] = [median(times.map((t) => t.folder)), median(times.map((t) => t.bucket))];
      rows.push([count.toLocaleString("en"), ms(one), each(one, count), ms(other), each(other, count)]);
    }
    return rows;
  } finally {
    for (const { store } of places) store.close();
    await server.stop();
  }
}

async function listTime({ store, folder: prefix }: FilledPlace, count: number): Promise<number> {
  let listed = 0;
  const { signal } = new AbortController();
  const { ms } = await timed(() => visitArchives({ store, prefix }, undefined, signal, () => ++listed > 0));
  if (listed !== count) throw new Error(`listed ${listed} of ${count}`);
  return ms;
}

async function walks(folder: string): Promise<string[][]> {
  const rows: string[][] = [];
  for (const count of RECORDS) {
    const file = join(folder, `${count}.snap`);
    await pipeline(generatedArchive(count * RECORD_BYTES, VALUE_BYTES), createWriteStream(file));
    const state = await stateOf(file);
    const times = DEPTHS.map((depth) => {
      const walk = (): number => walkOf(state, { depth, maxPrefixes: count + 1 });
      walk();
      return median(Array.from({ length: ROUNDS }, walk));
    });
    rows.push([count.toLocaleString("en"), ...times.map((time) => `${ms(time)}, ${each(time, count)} a record`)]);
  }
  return rows;
}

function each(time: number, count: number): string {
  const microseconds = (time * 1000) / count;
  return `${microseconds < 10 ? microseconds.toFixed(2) : microseconds.toFixed(0)} µs`;
}
