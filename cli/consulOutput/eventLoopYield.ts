/** Yields to the event loop from time to time while large output is prepared. */

import { performance } from "node:perf_hooks";

/** Maximum duration of work without a yield, in milliseconds. */
const LONGEST_MS = 15;
/** Number of steps between two checks of the clock. */
const STEPS = 64;

export class EventLoopYield {
  #steps = 0;
  #since = performance.now();

  /** To be called at each step: whether to yield now. */
  isDue(): boolean {
    return ++this.#steps % STEPS === 0 && performance.now() - this.#since > LONGEST_MS;
  }

  async run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
