/** Detects a slow store, so that other saves need not wait for it. */

import { performance } from "node:perf_hooks";
import type { Pace } from "../consul/client";
import { RateWindow } from "../rateWindow";

/**
 * Four parts of 5 MiB are sent in parallel: a store that accepts none of them for this long is slower than 0.4 MB/s.
 */
const SLOW_AFTER_MS = 60_000;
/** In bytes per second. */
const SLOW_RATE = 10_000;

export class StorePace {
  readonly #onPace: (pace: Pace) => void;
  readonly #slowAfterMs: number;
  readonly #window: RateWindow;
  #timer: NodeJS.Timeout | undefined;
  #waitingSince: number | undefined;
  #hasFired = false;

  /**
   * @param onPace - called when the store becomes slow, and when it recovers; may be called repeatedly
   * @param slowAfterMs - how long the store may be busy without progress before it counts as slow. Default: 60,000
   */
  constructor(onPace: (pace: Pace) => void, slowAfterMs = SLOW_AFTER_MS) {
    this.#onPace = onPace;
    this.#slowAfterMs = slowAfterMs;
    this.#window = new RateWindow(slowAfterMs, SLOW_RATE);
  }

  /**
   * Passes the bytes through. Time between two chunks, and after the last one until `end`, counts as waiting for the
   * store.
   */
  async *watch(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.begin();
      yield chunk;
      this.#measure(chunk.length);
    }
    this.begin();
  }

  /** Starts waiting for the store. */
  begin(): void {
    this.#stop();
    this.#waitingSince = performance.now();
    this.#hasFired = false;
    this.#timer = setTimeout(() => {
      this.#hasFired = true;
      this.#onPace("slow");
    }, this.#slowAfterMs).unref();
  }

  /** Call it when the store has finished. */
  end(): void {
    this.#stop();
    this.#onPace("normal");
  }

  #measure(bytes: number): void {
    const waitedMs = this.#stop();
    const isFast = this.#window.add(waitedMs, bytes);
    if (isFast !== undefined) this.#onPace(isFast ? "normal" : "slow");
  }

  /** Stops the measurement. @returns how long the store took, in milliseconds */
  #stop(): number {
    clearTimeout(this.#timer);
    const since = this.#waitingSince;
    this.#waitingSince = undefined;
    if (since === undefined) return 0;
    // A timer of Node.js can fire a fraction of a millisecond early (seen with 20.20). If it has fired, count the full
    // time.
    return Math.max(performance.now() - since, this.#hasFired ? this.#slowAfterMs : 0);
  }
}
