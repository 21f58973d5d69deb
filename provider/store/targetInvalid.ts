import { SnapshotError } from "../errors";

/** The error for a target, a location or one of its settings that no store can take. */
export function targetInvalid(message: string, hint: string): SnapshotError {
  return new SnapshotError("TARGET_INVALID", message, hint);
}
