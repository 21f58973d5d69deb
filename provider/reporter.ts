/** Receives the progress of work, and signals when it must stop. */

import type { WorkEvent } from "./events";
import type { CleanLines } from "./text";

export interface Reporter {
  readonly signal: AbortSignal;
  status(event: WorkEvent): void;
  info(message: CleanLines): void;
  warn(message: CleanLines): void;
}
