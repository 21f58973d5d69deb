/** The Chrome DevTools Protocol over the pipe of `--remote-debugging-pipe`: JSON messages, each ended by a zero byte. */

import type { Readable, Writable } from "node:stream";

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class DevToolsConnection {
  readonly #input: Writable;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(message: Message) => void>();
  #lastId = 0;
  #rest = "";

  /**
   * @param input - what the browser reads
   * @param output - what the browser writes
   */
  constructor(input: Writable, output: Readable) {
    this.#input = input;
    output.setEncoding("utf8").on("data", (text: string) => {
      const messages = (this.#rest + text).split("\0");
      this.#rest = messages.pop() ?? "";
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
    // The calls that wait are rejected below: this only keeps the error of a write from being thrown.
    input.on("error", () => undefined);
    output.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the browser has ended"));
      this.#waiting.clear();
    });
  }

  /** Calls a method of the protocol; without a session it is one of the whole browser. */
  call(method: string, params: object = {}, sessionId?: string): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve,
        reject: (error) => reject(new Error(`${method}: ${error.message}`, { cause: error })),
      });
      this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Calls `listener` with each event of a session. */
  onEvent(sessionId: string, listener: (method: string, params: unknown) => void): void {
    this.#listeners.add((message) => {
      if (message.sessionId === sessionId && message.method !== undefined) listener(message.method, message.params);
    });
  }

  #receive(message: Message): void {
    if (message.id === undefined) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error !== undefined) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
  }
}
