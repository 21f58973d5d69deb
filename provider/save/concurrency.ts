/**
 * Limits how many saves run in parallel, in this process and per Consul address. Saves start in the order of their
 * requests. A save that is aborted while it waits leaves the queue and does not delay the others. A save with a slow
 * Consul or store keeps running but does not count: slow servers must not block other backups.
 */

import { SnapshotError } from "../errors";
import type { WorkEvent } from "../events";

export interface Limits {
  /** Maximum number of parallel saves in this process. */
  readonly atOnce: number;
  /** Maximum number of parallel saves per Consul address. */
  readonly perAddress: number;
}

/** The turn of one save. */
export interface Turn {
  /**
   * `"slow"` passes the turn to the next save in the queue. If only the store is slow, Consul is idle, so the turn of
   * its address is passed on, too. `"normal"` makes the save count again immediately, even above the limit: if it
   * paused, proxies would close the connection.
   */
  readonly setPace: (server: "consul" | "store", pace: "slow" | "normal") => void;
}

interface Waiting {
  readonly limit: number;
  begin(): void;
}

/** A first-in-first-out semaphore. */
class Semaphore {
  #running = 0;
  readonly #queue: Waiting[] = [];

  /**
   * Waits for the caller's turn. Resolves with a function that ends the turn; call it once.
   *
   * @param limit - maximum number of parallel turns, including this one
   * @param waits - called immediately if the caller has to wait
   * @throws SnapshotError `INTERRUPTED` if the signal is aborted before the turn comes
   */
  take(limit: number, signal: AbortSignal, waits: () => void): Promise<RunningTurn> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(interrupted(signal.reason));
        // The aborted caller may have been the first in the queue, with a lower limit than the next one.
        this.#serve();
      };
      const waiting: Waiting = {
        limit,
        begin: () => {
          signal.removeEventListener("abort", leave);
          resolve(new RunningTurn((change) => this.#change(change)));
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

  #change(change: 1 | -1): void {
    this.#running += change;
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

class RunningTurn {
  readonly #change: (change: 1 | -1) => void;
  #counts = true;
  #isEnded = false;

  constructor(change: (change: 1 | -1) => void) {
    this.#change = change;
  }

  setCounts(counts: boolean): void {
    if (!this.#isEnded) this.#setCounts(counts);
  }

  end(): void {
    this.#isEnded = true;
    this.#setCounts(false);
  }

  #setCounts(counts: boolean): void {
    if (counts === this.#counts) return;
    this.#counts = counts;
    this.#change(counts ? 1 : -1);
  }
}

/** The limits of one process. */
export class SaveConcurrency {
  readonly #all = new Semaphore();
  readonly #byAddress = new Map<string, Semaphore>();

  /**
   * Does the work when both limits allow it. The limit of the address comes first, so that saves which wait for one
   * Consul do not block saves of another.
   *
   * @param address - Consul's address, resolved and free of secrets, because it is shown
   * @param waits - called with the reason for waiting
   * @throws SnapshotError `INTERRUPTED` if aborted before the turn comes; otherwise the errors of the work
   */
  async run<T>(
    address: string,
    limits: Limits,
    signal: AbortSignal,
    waits: (event: WorkEvent) => void,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    const ofAddress = this.#byAddress.get(address) ?? new Semaphore();
    this.#byAddress.set(address, ofAddress);
    const addressTurn = await ofAddress.take(limits.perAddress, signal, () =>
      waits({ phase: "queued", running: limits.perAddress, address }),
    );
    try {
      const turn = await this.#all.take(limits.atOnce, signal, () =>
        waits({ phase: "queued", running: limits.atOnce }),
      );
      const slow = new Set<string>();
      const setPace: Turn["setPace"] = (server, pace) => {
        if (pace === "slow") slow.add(server);
        else slow.delete(server);
        turn.setCounts(slow.size === 0);
        addressTurn.setCounts(!slow.has("store"));
      };
      try {
        return await work({ setPace });
      } finally {
        turn.end();
      }
    } finally {
      addressTurn.end();
    }
  }
}

function interrupted(cause: unknown): SnapshotError {
  return new SnapshotError(
    "INTERRUPTED",
    "the snapshot was interrupted before it began",
    "Nothing was left behind; run it again.",
    cause,
  );
}
