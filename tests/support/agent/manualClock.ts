/** A clock that stands still until the test lets time pass. */

import type { Clock } from "../../../agent/clock";

interface Wait {
  readonly until: number;
  /** When it ends by a clock that is never set. */
  readonly endsAt: number;
  readonly end: () => void;
}

export class ManualClock implements Clock {
  readonly #waits = new Set<Wait>();
  /** The time that has passed, in milliseconds: that of a clock that is never set. */
  #passed = 0;
  #wall: number;

  constructor(private readonly start: Date) {
    this.#wall = start.getTime();
  }

  now(): Date {
    return new Date(this.#wall);
  }

  /** How long the test has lasted by a clock that is never set, in hours. */
  get hours(): number {
    return this.#passed / 3_600_000;
  }

  wait(until: Date, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const left = until.getTime() - this.#wall;
      const wait: Wait = {
        until: until.getTime(),
        endsAt: this.#passed + left,
        end: () => {
          this.#waits.delete(wait);
          signal.removeEventListener("abort", wait.end);
          resolve();
        },
      };
      if (left <= 0 || signal.aborted) {
        resolve();
        return;
      }
      signal.addEventListener("abort", wait.end);
      this.#waits.add(wait);
    });
  }

  /** Lets time pass until so many hours have passed in all. */
  passTo(hours: number): void {
    const ms = Math.round(hours * 3_600_000) - this.#passed;
    this.#passed += ms;
    this.#wall += ms;
    this.#look();
  }

  /** Sets the clock. */
  set(byMs: number): void {
    this.#wall += byMs;
    this.#look();
  }

  #look(): void {
    for (const wait of [...this.#waits]) if (wait.until <= this.#wall || wait.endsAt <= this.#passed) wait.end();
  }
}
