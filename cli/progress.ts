/** What a command is doing, on standard error: on a terminal one line that is written over, elsewhere a line now and then. */

import type { Writable } from "node:stream";
import type { Reporter } from "../provider/transfer/reporter";

/** How often the same step is told again where lines stay, in milliseconds. */
const AGAIN_MS = 10_000;
const ERASE_LINE = "\r\u001b[2K";

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface Progress extends Reporter {
  /** A line that stays. */
  line(text: string): void;
  /** Nothing more is going on. */
  end(): void;
}

export function progressOn(output: Output, signal: AbortSignal): Progress {
  const isTerminal = output.isTTY === true;
  let step = "";
  let next = 0;

  function line(text: string): void {
    output.write(`${isTerminal ? ERASE_LINE : ""}${text}\n`);
  }
  function status(message: string): void {
    if (isTerminal) {
      output.write(ERASE_LINE + message.slice(0, (output.columns ?? 80) - 1));
      return;
    }
    // Of "restoring: 2 MB of 9 MB sent" the first words tell the step.
    const [now = ""] = message.split(/[:\d]/, 1);
    if (now === step && Date.now() < next) return;
    step = now;
    next = Date.now() + AGAIN_MS;
    line(message);
  }
  function end(): void {
    if (isTerminal) output.write(ERASE_LINE);
  }
  return { signal, status, line, end, info: line, warn: (message) => line(`warning: ${message}`) };
}
