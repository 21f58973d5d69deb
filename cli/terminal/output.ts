/**
 * Standard output or standard error. A reader may go away and a disk may be full at any time: that never ends the work;
 * it is remembered, and the command decides its exit code by it.
 */

import type { Writable } from "node:stream";
import type { CleanLines } from "../../provider/text";

/** What a stream of this process offers. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export class Output {
  readonly isTerminal: boolean;
  readonly #stream: OutputStream;
  #failure: NodeJS.ErrnoException | undefined;

  constructor(stream: OutputStream) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    stream.on("error", (error: NodeJS.ErrnoException) => (this.#failure ??= error));
  }

  /** The width of the terminal, in characters. Default: 80. */
  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  /** Why something could not be written. Complete after `flush`. */
  get failure(): NodeJS.ErrnoException | undefined {
    return this.#failure;
  }

  /** Writes text, unless an earlier write has failed. */
  write(text: CleanLines): void {
    this.#write(text);
  }

  /**
   * Writes what is not cleaned: bytes that a person asked for as they are, or a page that is only our own. The linter
   * lists the files that may call it.
   */
  writeRaw(bytes: string | Uint8Array): void {
    this.#write(bytes);
  }

  #write(bytes: string | Uint8Array): void {
    if (this.#failure === undefined) this.#stream.write(bytes);
  }

  /** Resolves when everything has been written, or cannot be written. */
  flush(): Promise<void> {
    if (this.#failure !== undefined || this.#stream.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#stream.write("", () => resolve()));
  }
}
