/**
 * One request and its response. It ends with the last byte of the response, a timeout, or an abort, whichever is first.
 */

import type { SnapshotError } from "../errors";

export class Exchange {
  readonly #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Waits for one step of the server, and ends the exchange if it exceeds its limit.
   *
   * @param late - creates the error with which the exchange ends after the limit
   */
  async wait<T>(limitMs: number, late: () => SnapshotError, step: () => Promise<T>): Promise<T> {
    const { signal } = this;
    const timer = setTimeout(() => this.end(late()), limitMs);
    let stop = (): void => undefined;
    // undici ignores the signal while it connects, so observe it here.
    const ended = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason as SnapshotError);
      signal.addEventListener("abort", stop, { once: true });
    });
    try {
      signal.throwIfAborted();
      return await Promise.race([step(), ended]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Ends the exchange if it is still running; pending waits fail with the reason. */
  end(reason: SnapshotError): void {
    this.#controller.abort(reason);
  }
}
