/** Reading archives of many tiny records: time must be linear in their number, and memory flat. */

import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { generatedArchive } from "../tests/support/archives/generatedArchive";
import { median, ms, peakOf, runNode, stateOf, table, timed, walkOf } from "./lib";

const ROUNDS = 3;
/** With its key, indexes and names of fields, a record has 150 bytes. */
const VALUE_BYTES = 38;
const RECORD_BYTES = 150;
const COUNTS = [750_000, 1_500_000, 3_000_000] as const;
const COMMAND = resolve("dist/cli/main.js");

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-records-"));
  try {
    const bare = await peakOf(["-e", "0"]);
    const rows: string[][] = [];
    for (const count of COUNTS) {
      const file = join(folder, `${count}.snap`);
      await pipeline(generatedArchive(count * RECORD_BYTES, VALUE_BYTES), createWriteStream(file));
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        times.push((await timed(() => runNode(COMMAND, "inspect", "--kvdetails", file))).ms);
      }
      const command = median(times);
      const peak = await peakOf([COMMAND, "inspect", "--kvdetails", file]);
      rows.push([
        count.toLocaleString("en"),
        `${((await stat(file)).size / 1e6).toFixed(0)} MB`,
        ms(command),
        microseconds(command, count),
        `${(peak - bare).toFixed(0)} MB`,
      ]);
    }
    const state = await stateOf(join(folder, `${COUNTS[0]}.snap`));
    const walk = median(Array.from({ length: ROUNDS }, () => walkOf(state)));
    return `## Reading millions of tiny records

Records of ${RECORD_BYTES} bytes. Medians of ${ROUNDS} rounds.

${table(["records", "archive", "`consul-snapshot inspect --kvdetails`", "a record", "peak RSS over a bare node process"], rows)}

The walk over the records alone, with a digest of each: ${microseconds(walk, COUNTS[0])} a record.
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function microseconds(time: number, count: number): string {
  return `${((time * 1000) / count).toFixed(2)} µs`;
}
