/**
 * Early garbage collection. By default V8 lets the objects and the buffers that nothing uses any more take 32 MB each before
 * it collects them: more than all that a save needs. An agent runs for years beside Consul, so it collects them sooner.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A few megabytes are received in this time. */
const COLLECT_EVERY_MS = 20;

type Collect = (options: { readonly type: "minor" | "major" }) => void;

/** Keeps the memory of new objects at its first size, in the whole process. V8 reads this flag whenever it could grow. */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

let collect: Collect | undefined;
let timer: NodeJS.Timeout | undefined;
/** How many works run: deliveries to several destinations share one timer. */
let running = 0;

/** Does work that moves many bytes, and meanwhile frees the buffers that it no longer uses. */
export async function collectDuring<T>(work: () => Promise<T>): Promise<T> {
  const collecting = (collect ??= collector());
  running++;
  timer ??= setInterval(() => collecting({ type: "minor" }), COLLECT_EVERY_MS);
  try {
    return await work();
  } finally {
    if (--running === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    // The parts of an upload have become old: the next snapshot must not come on top of them.
    collecting({ type: "major" });
  }
}

/** V8 offers its collector to contexts that are made while this flag is set. */
function collector(): Collect {
  setFlagsFromString("--expose-gc");
  try {
    return runInNewContext("gc") as Collect;
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
