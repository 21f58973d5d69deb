/**
 * An agent that leads for hours of simulated time, and is asked for its metrics and its health every hour; it prints its memory
 * after each number of hours: `node --expose-gc agentWeek.js CONFIGURATION HOURS…`.
 */
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fetch } from "undici";
import { collectDuring } from "../../../agent/collection";
import { readConfig } from "../../../agent/config/config";
import { readFlags } from "../../../agent/config/flags";
import { connect } from "../../../agent/connect";
import { readNewest } from "../../../agent/lastSaved";
import { manifestCachesOf } from "../../../agent/manifestCaches";
import { OwnCluster } from "../../../agent/ownCluster";
import { take } from "../../../provider/save/take";
import { simulate } from "../agent/simulation";
import { serveEmptyBoard } from "../agent/emptyBoard";

const [file = "", ...hours] = process.argv.slice(2);
const HOUR_MS = 3_600_000;

async function main(): Promise<void> {
  const text = readFileSync(file, "utf8");
  const config = readConfig([{ file, text }], readFlags([]), { env: process.env });
  const start = Date.now();
  const timeAt = (hour: number): string => new Date(start + hour * HOUR_MS).toISOString();
  const { signal } = new AbortController();
  const reporter = { signal, status: () => undefined, info: () => undefined, warn: console.log };
  const run = simulate({
    start: timeAt(0),
    config: (JSON.parse(text) as { snapshot_agent: object }).snapshot_agent,
    take: () =>
      collectDuring(() =>
        take({ connection: connect(config.connection, process.env), consistency: "consistent" }, reporter),
      ),
  });
  const caches = manifestCachesOf(config.destinations);
  const { address, close } = await serveEmptyBoard({
    board: run.board,
    async health() {
      const reading = { cluster: new OwnCluster(), now: new Date(), signal };
      await Promise.all([...caches].map(([destination, cache]) => readNewest(destination, { ...reading, cache })));
      return { ok: true, reasons: [] };
    },
  });
  let hour = 0;
  for (const end of hours.map(Number)) {
    for (; hour < end; hour++) {
      await run.leadUntil(timeAt(hour + 1));
      for (const path of ["/metrics", "/health", "/status", "/"]) {
        const response = await fetch(`http://${address}${path}`);
        if (!response.ok) throw new Error(`${path}: ${response.status}`);
        await response.text();
      }
    }
    // The memory of buffers is counted until V8 has freed them, which it does after a collection.
    for (let round = 0; round < 3; round++) {
      gc?.();
      await setImmediate();
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    const saved = run.board.destinations.map(({ successes }) => successes).join(" ");
    console.log(JSON.stringify({ hour, saved, rss, used: heapUsed + external }));
  }
  await close();
}

void main();
