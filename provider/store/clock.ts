/**
 * A bucket's own clock. Ages of objects are differences of two of its times, because the clock of this machine may be
 * wrong by minutes or, without a battery, by years.
 */

import { performance } from "node:perf_hooks";

export class StoreClock {
  #seen: { readonly time: number; readonly at: number } | undefined;

  /** @param date - the `Date` header of a response that has just arrived; an invalid date is ignored */
  saw(date: unknown): void {
    const time = date instanceof Date ? date.getTime() : typeof date === "string" ? Date.parse(date) : NaN;
    if (Number.isFinite(time)) this.#seen = { time, at: performance.now() };
  }

  /** The current time; this machine's until a response has contained a time. */
  now(): Date {
    const seen = this.#seen;
    return seen === undefined ? new Date() : new Date(seen.time + performance.now() - seen.at);
  }
}
