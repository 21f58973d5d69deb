/** Measures how fast a server sends. Only time spent waiting for the server counts, not the time of slow consumers. */
export class RateWindow {
  readonly #lengthMs: number;
  readonly #leastRate: number;
  #waitedMs = 0;
  #bytes = 0;

  /** @param leastRate - the minimum rate, in bytes per second */
  constructor(lengthMs: number, leastRate: number) {
    this.#lengthMs = lengthMs;
    this.#leastRate = leastRate;
  }

  /**
   * @param waitedMs - how long the consumer waited for these bytes
   * @returns whether the window that ends with these bytes reached the minimum rate; `undefined` while the window is
   * open
   */
  add(waitedMs: number, bytes: number): boolean | undefined {
    this.#waitedMs += waitedMs;
    this.#bytes += bytes;
    if (this.#waitedMs < this.#lengthMs) return undefined;
    const isKept = (this.#bytes * 1000) / this.#waitedMs >= this.#leastRate;
    [this.#waitedMs, this.#bytes] = [0, 0];
    return isKept;
  }
}
