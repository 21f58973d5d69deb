/**
 * A save that must fail: `fullDisk ARCHIVE TARGET`. Prints the failure's code. Where its files are limited (`ulimit -f`),
 * a write beyond the limit fails as one on a full disk does, because Node.js ignores SIGXFSZ.
 */

import { readFileSync } from "node:fs";
import { lyingConsul } from "../faults/lyingConsul";
import { failureOf, saveTo } from "./saving";

async function main(archive: string, target: string): Promise<void> {
  const body = readFileSync(archive);
  const consul = await lyingConsul((response, headers) => response.writeHead(200, headers).end(body));
  const { code } = await failureOf(saveTo(target, { address: consul.address }));
  process.stdout.write(`${code}\n`);
  await consul.stop();
}

void main(process.argv[2] ?? "", process.argv[3] ?? "");
