/** The process of `startReplay`: `replay.ts FILE` or `replay.ts BYTES`. Prints its address. */

import { readFileSync } from "node:fs";
import { generatedArchive } from "../tests/support/archives/generatedArchive";
import { lyingConsul } from "../tests/support/faults/lyingConsul";

/** Consul takes this long for some ten megabytes; for the archives that are measured here it takes longer. */
const SILENCE_MS = 2000;

const [archive = ""] = process.argv.slice(2);
const stateBytes = Number(archive);
const file = Number.isNaN(stateBytes) ? readFileSync(archive) : undefined;

void lyingConsul((response, headers) => {
  setTimeout(() => {
    response.writeHead(200, headers);
    if (file === undefined) generatedArchive(stateBytes).pipe(response);
    else response.end(file);
  }, SILENCE_MS);
}).then(({ address }) => console.log(address));
