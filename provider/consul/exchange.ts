/** One request and its answer. It ends with the answer's last byte, a limit, or from outside, whichever is first. */

import type { SnapshotError } from "../errors";

export class Exchange {
  readonly #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Waits for one thing from the server, and ends the exchange if it takes longer than its limit.
   *
   * @param late - the error with which the exchange ends when the limit is over
   */
  async wait<T>(limitMs: number, late: () => SnapshotError, step: () => Promise<T>): Promise<T> {
    const { signal } = this;
    const timer = setTimeout(() => this.end(late()), limitMs);
    let stop = (): void => undefined;
    // While undici connects it does not look at the signal, so this does.
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

  /** Ends it, if it is still going on; whoever waits gets the reason. */
  end(reason: SnapshotError): void {
    this.#controller.abort(reason);
  }
}
