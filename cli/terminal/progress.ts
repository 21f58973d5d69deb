/** Shows progress on standard error: on a terminal as one line that is replaced, elsewhere as a new line from time to time. */

import type { WorkEvent } from "../../provider/events";
import { paced } from "../../provider/progressInterval";
import type { Reporter } from "../../provider/reporter";
import { cleanMessage } from "../../provider/text";
import { describeEvent } from "../../provider/progressWording";
import type { Output } from "./output";

/** The pause before the same phase is shown again where lines stay, in milliseconds; it doubles each time. */
const AGAIN_MS = 10_000;
const ERASE_LINE = "\r\u001b[2K";

export interface Progress extends Reporter {
  /** A line that stays. */
  line(text: string): void;
  /** Ends the display of progress. */
  end(): void;
}

export function progressOn(output: Output, signal: AbortSignal): Progress {
  const { isTerminal } = output;

  function line(text: string): void {
    output.write(`${isTerminal ? ERASE_LINE : ""}${cleanMessage(text)}\n`);
  }
  function replaceLine(event: WorkEvent): void {
    output.write(ERASE_LINE + describeEvent(event).slice(0, output.columns - 1));
  }
  const addLine = paced((event) => line(describeEvent(event)), AGAIN_MS);
  return {
    signal,
    status: isTerminal ? replaceLine : addLine,
    line,
    end: () => (isTerminal ? output.write(ERASE_LINE) : undefined),
    info: line,
    warn: (message) => line(`warning: ${message}`),
  };
}

/**
 * @param total - bytes of the archive
 * @returns to be called with the length of each of its pieces
 */
export function verifyingOn(progress: Progress, total: number): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done += bytes;
    progress.status({ phase: "verifyingArchive", done: Math.min(done, total), total });
  };
}
