/** Costs that grow with a place or with a state: listing many archives, and counting keys by many prefixes. */

import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { visitArchives } from "../provider/catalog/list";
import { generatedArchive } from "../tests/support/archives/generatedArchive";
import type { FilledPlace } from "./filledPlace";
import { median, ms, stateOf, table, timed, walkOf } from "./lib";
import { CONDITIONS, each, placeTimes } from "./placeTimes";

const ROUNDS = 5;
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

${CONDITIONS} Listing reads each manifest.

${await placeTimes(folder, { "": listTime })}

A walk over records of ${RECORD_BYTES} bytes, with a digest of each, that counts their keys by prefix without a limit:

${table(["records", "1 prefix", "1,000 prefixes", "a prefix for each record"], await walks(folder))}
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
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
