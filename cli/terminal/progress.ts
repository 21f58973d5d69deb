/** Shows progress on standard error: on a terminal as one line that is replaced, elsewhere as a new line from time to time. */

import type { WorkEvent } from "../../provider/events";
import { paced } from "../../provider/progressInterval";
import type { Reporter } from "../../provider/reporter";
import { type CleanLines, composed, shortened } from "../../provider/text";
import { describeEvent } from "../../provider/progressWording";
import type { Output } from "./output";

/** The pause before the same phase is shown again where lines stay, in milliseconds; it doubles each time. */
const AGAIN_MS = 10_000;
const ERASE_LINE = composed`\r\u001b[2K`;

export interface Progress extends Reporter {
  /** A line that stays. */
  line(text: CleanLines): void;
  /** Ends the display of progress. */
  end(): void;
}

export function progressOn(output: Output, signal: AbortSignal): Progress {
  const { isTerminal } = output;

  function line(text: CleanLines): void {
    output.write(isTerminal ? composed`${ERASE_LINE}${text}\n` : composed`${text}\n`);
  }
  function replaceLine(event: WorkEvent): void {
    output.write(composed`${ERASE_LINE}${shortened(describeEvent(event), output.columns - 1)}`);
  }
  const addLine = paced((event) => line(describeEvent(event)), AGAIN_MS);
  return {
    signal,
    status: isTerminal ? replaceLine : addLine,
    line,
    end: () => (isTerminal ? output.write(ERASE_LINE) : undefined),
    info: line,
    warn: (message) => line(composed`warning: ${message}`),
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
