/**
 * The long comparison: `npm run fuzz [-- <mutants> [<seed>]]`. It prints its seed, counts the answers, and keeps the
 * archive of each difference.
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare } from "./differential";
import { startSeeds } from "./seeds";

async function main(mutants: number, seed: number): Promise<number> {
  console.log(`${mutants} mutants, seed ${seed}`);
  const started = performance.now();
  let folder: string | undefined;
  let kept = 0;
  const tally = await compare({
    seed,
    mutants,
    seeds: await startSeeds(),
    keep: (difference, bytes) => {
      folder ??= mkdtempSync(join(tmpdir(), "fuzz-"));
      const file = join(folder, `${kept++}.snap`);
      writeFileSync(file, bytes);
      console.log(`${difference}\n  kept as ${file}`);
    },
    progress: (done) => {
      const rate = (done / (performance.now() - started)) * 1000;
      if (done % 500 === 0) console.log(`${done} compared, ${rate.toFixed(1)} a second`);
    },
  });
  for (const [answer, count] of [...tally.answers].sort()) console.log(`${String(count).padStart(6)}  ${answer}`);
  for (const limit of tally.limits) console.log(`limit: ${limit}`);
  for (const chunk of tally.chunks) console.log(`write under way: ${chunk}`);
  console.log(
    `${tally.differences.length} differences; ${tally.limits.length} refused by our limits only; ${tally.chunks.length} with a write under way`,
  );
  return tally.differences.length === 0 ? 0 : 1;
}

const [mutants = "10000", seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
void main(Number(mutants), Number(seed)).then((code) => (process.exitCode = code));
