/**
 * V8's garbage collector, called early. Left alone, V8 lets tens of megabytes of buffers accumulate in each thread that
 * nothing uses any more: it counts the small objects that refer to them, and a stream of large buffers has few of these.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** `minor` takes less than a millisecond and frees what is new; `major` frees everything that is unused. */
export type Collect = (extent: "minor" | "major") => void;

/**
 * Bytes of unused buffers that are freed together. With a heap of some ten megabytes, V8 starts a full collection when about
 * twice as many have accumulated (Node.js 20.20), and that takes many times as long.
 */
const UNUSED_BYTES = 4 * 1024 * 1024;

let collect: Collect | undefined;
/** Bytes that were released on this thread since the last call of the collector. */
let unusedBytes = 0;

/** To be called when a stream no longer uses new buffers of this size, in bytes: they are freed soon, together with others. */
export function releaseBuffers(bytes: number): void {
  unusedBytes += bytes;
  if (unusedBytes < UNUSED_BYTES) return;
  unusedBytes = 0;
  collector()("minor");
}

/**
 * The collector of this thread. V8 offers it to contexts that are created while a flag is set. The flag belongs to all
 * threads: if another one resets it at that moment, the result does nothing, and the next call tries again.
 */
export function collector(): Collect {
  if (collect !== undefined) return collect;
  setFlagsFromString("--expose-gc");
  try {
    const gc = runInNewContext("globalThis.gc") as ((options?: { readonly type: "minor" }) => void) | undefined;
    // With `{ type: "major" }` it frees no buffers (Node.js 20.20).
    if (gc !== undefined) collect = (extent) => (extent === "minor" ? gc({ type: "minor" }) : gc());
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
  return collect ?? (() => undefined);
}
