/**
 * Saves the state before a restore while its archive is still verified. The safety snapshot becomes visible only when the
 * restore is about to use it: a restore that is refused leaves none.
 */

import type { ConsulClient } from "../consul/client";
import type { ClusterIdentity } from "../consul/clusterIdentity";
import { saveStateBefore, type StateBefore } from "./safetySnapshot";
import type { Session } from "./session";

/**
 * How long verification may still take when the safety snapshot begins. If verification takes longer than the safety
 * snapshot, what is written in between is in neither of the two archives.
 */
const REST_MS = 10_000;

/** @param elapsedMs - how long it took to receive `received` of `total` bytes */
export function isNearlyVerified(received: number, total: number, elapsedMs: number): boolean {
  return (total - received) * elapsedMs <= received * REST_MS;
}

interface Begun {
  readonly client: ConsulClient;
  readonly stopping: AbortController;
  readonly confirm: () => void;
  readonly saving: Promise<StateBefore>;
}

export class EarlyStateBefore {
  #begun: Begun | undefined;
  #isAwaited = false;

  constructor(private readonly session: Session) {
    session.stopAtClose(() => this.#close());
  }

  /** Begins, at the first call. An error is thrown by `finish`. */
  begin(expected: ClusterIdentity): void {
    if (this.#begun !== undefined) return;
    const { reporter, request } = this.session;
    const stopping = new AbortController();
    const signal = AbortSignal.any([reporter.signal, stopping.signal]);
    let confirm = (): void => undefined;
    const confirmed = new Promise<void>((resolve, reject) => {
      confirm = resolve;
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    // Nothing awaits them if the restore is refused.
    confirmed.catch(() => undefined);
    const client = this.session.openClient(request.connection, signal);
    const saving = saveStateBefore(this.session, expected, {
      client,
      visibleAfter: confirmed,
      reporter: {
        signal,
        // Until then the user sees the verification.
        status: (event) => {
          if (this.#isAwaited) reporter.status(event);
        },
        info: (message) => reporter.info(message),
        warn: (message) => reporter.warn(message),
      },
    });
    saving.catch(() => undefined);
    this.#begun = { client, stopping, confirm, saving };
  }

  /**
   * Makes the safety snapshot visible.
   *
   * @returns nothing if it has not begun
   * @throws SnapshotError as `saveStateBefore` does
   */
  async finish(): Promise<StateBefore | undefined> {
    this.#isAwaited = true;
    this.#begun?.confirm();
    return this.#begun?.saving;
  }

  /** Stops it, and leaves nothing of it behind, unless `finish` was called. */
  async #close(): Promise<void> {
    if (this.#begun === undefined) return;
    const { client, stopping, saving } = this.#begun;
    stopping.abort();
    await saving.catch(() => undefined);
    await client.close();
  }
}
