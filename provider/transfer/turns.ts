/**
 * Saves take turns: so many at once in this process, and so many of one Consul. Whoever waits is served in the order
 * of asking; one that gives up while it waits leaves the queue, and holds up nobody.
 */

import { SnapshotError } from "../errors";

export interface Limits {
  /** Saves at once in this process. */
  readonly atOnce: number;
  /** Saves at once of one Consul address. */
  readonly perAddress: number;
}

interface Waiting {
  readonly limit: number;
  begin(): void;
}

/** A queue of its own for each thing that may be used by only so many. */
class Turns {
  #running = 0;
  readonly #queue: Waiting[] = [];

  /**
   * Resolves when it is the caller's turn, with what ends that turn; it must be called once.
   *
   * @param limit - how many may run at once, this one among them
   * @param waits - called at once if the turn has not come yet
   * @throws SnapshotError `INTERRUPTED` when the signal is aborted before the turn comes
   */
  take(limit: number, signal: AbortSignal, waits: () => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(interrupted(signal.reason));
        // The one who left may have been the first, with a lower limit than the next.
        this.#serve();
      };
      const waiting: Waiting = {
        limit,
        begin: () => {
          signal.removeEventListener("abort", leave);
          resolve(() => this.#end());
        },
      };
      if (signal.aborted) {
        reject(interrupted(signal.reason));
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiting);
      this.#serve();
      if (this.#queue.includes(waiting)) waits();
    });
  }

  #end(): void {
    this.#running--;
    this.#serve();
  }

  #serve(): void {
    for (let first = this.#queue[0]; first !== undefined && this.#running < first.limit; first = this.#queue[0]) {
      this.#queue.shift();
      this.#running++;
      first.begin();
    }
  }
}

/** The turns of one process. */
export class SaveTurns {
  readonly #all = new Turns();
  readonly #byAddress = new Map<string, Turns>();

  /**
   * Does the work when both limits allow it. The address comes first, so that saves which wait for one slow Consul take
   * no place from those of another.
   *
   * @param address - of Consul, after resolution and free of secrets: it is shown
   * @param waits - told in one sentence what is waited for
   * @throws SnapshotError `INTERRUPTED` when aborted before the turn comes; else what the work throws
   */
  async inTurn<T>(
    address: string,
    limits: Limits,
    signal: AbortSignal,
    waits: (message: string) => void,
    work: () => Promise<T>,
  ): Promise<T> {
    const ofAddress = this.#byAddress.get(address) ?? new Turns();
    this.#byAddress.set(address, ofAddress);
    const endAddress = await ofAddress.take(limits.perAddress, signal, () =>
      waits(`waiting for ${count(limits.perAddress)} of ${address}`),
    );
    try {
      const end = await this.#all.take(limits.atOnce, signal, () => waits(`waiting for ${count(limits.atOnce)}`));
      try {
        return await work();
      } finally {
        end();
      }
    } finally {
      endAddress();
    }
  }
}

function count(running: number): string {
  return running === 1 ? "another snapshot" : `one of ${running} other snapshots`;
}

function interrupted(cause: unknown): SnapshotError {
  return new SnapshotError(
    "INTERRUPTED",
    "the snapshot was interrupted before it began",
    "Nothing was left behind; run it again.",
    cause,
  );
}
