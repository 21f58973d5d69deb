/** The time limit of a call, set by a program in `customTimeouts`. Pulumi sends it with each call in seconds. */

import { SnapshotError } from "../../errors";

export interface TimeLimit {
  readonly operation: "create" | "read" | "update" | "delete";
  /** 0 means no limit. */
  readonly seconds: number;
}

/** Node.js ends a longer timer after 1 ms, or throws. No save or restore takes 24 days and 20 hours. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A signal that aborts at the limit; `undefined` if there is no limit, or if it is too long for a timer. */
export function timeLimitSignal({ seconds }: TimeLimit): AbortSignal | undefined {
  const ms = Math.ceil(seconds * 1000);
  return ms > 0 && ms <= LONGEST_TIMER_MS ? AbortSignal.timeout(ms) : undefined;
}

/** @param cause - the error of the work after its time limit */
export function timeLimitError({ operation, seconds }: TimeLimit, cause: SnapshotError): SnapshotError {
  return new SnapshotError(
    "INTERRUPTED",
    `the ${operation} took longer than customTimeouts.${operation} allows, ${Math.round(seconds * 1000) / 1000} s: ${cause.message}`,
    `${cause.hint} If it needs more time, raise customTimeouts.${operation}.`,
    cause,
  );
}
