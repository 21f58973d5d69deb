/**
 * Early garbage collection. By default, V8 lets unused objects and unused buffers grow to 32 MB each before it collects them,
 * which is more than a save needs in all. An agent runs beside Consul for years, so it collects them sooner.
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { collector } from "../provider/collector";

/** In this time, a save receives a few megabytes. */
const COLLECT_EVERY_MS = 20;
/**
 * Buffers that are in use during two collections, as on a busy machine, move to the old generation. Without a full collection, up to
 * 45 MB of them accumulated while 1 GB was delivered. One takes 50 ms on a busy machine.
 */
const COLLECT_ALL_EVERY_MS = 1_000;

/** Keeps the memory of new objects at its first size, in the whole process. V8 reads this flag whenever it could grow. */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

let timers: readonly NodeJS.Timeout[] = [];
/** Number of running calls: deliveries to several destinations share the timers. */
let running = 0;

/** Runs work that moves many bytes, and meanwhile frees its unused buffers. */
export async function collectDuring<T>(work: () => Promise<T>): Promise<T> {
  const collect = collector();
  if (running++ === 0) {
    timers = [
      setInterval(() => collect("minor"), COLLECT_EVERY_MS),
      setInterval(() => collect("major"), COLLECT_ALL_EVERY_MS),
    ];
  }
  try {
    return await work();
  } finally {
    if (--running === 0) {
      for (const timer of timers) clearInterval(timer);
    }
    // The parts of an upload are in the old generation by now: free them before the next snapshot allocates its own.
    // Closed connections refer to them until the next turn.
    await nextTurn();
    collect("major");
  }
}
