/** A failure as data, for programs: `error` in the command's JSON and in what the plugin's functions return. */

import { explain, SnapshotError } from "./errors";

export interface ErrorData {
  /** Absent for an error that is not a `SnapshotError`. */
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** @param more - further members of `details` */
export function errorData(error: unknown, more: Readonly<Record<string, unknown>> = {}): ErrorData {
  if (!(error instanceof SnapshotError)) return { message: explain(error) };
  const { code, message, hint } = error;
  const details = { ...error.details, ...more };
  return Object.keys(details).length === 0 ? { code, message, hint } : { code, message, hint, details };
}
