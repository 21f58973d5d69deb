/** Receives the progress of work, and signals when it must stop. */

import type { WorkEvent } from "./events";

export interface Reporter {
  readonly signal: AbortSignal;
  status(event: WorkEvent): void;
  info(message: string): void;
  warn(message: string): void;
}
