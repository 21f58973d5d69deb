/** What a restore leaves in state: what came of it, and the arguments that later runs compare with. No secret. */

import { isRecord, type Values } from "../lifecycle";
import type { Attempt, Restored } from "../transfer/load/load";

/** The shape of state; raised when an old one must be read differently. */
const SCHEMA_VERSION = 1;

/**
 * The arguments that state keeps: of `connection` only which cluster is meant, and neither `decryption` nor
 * `tokenAfterRestore`.
 */
export const RECORDED_ARGS = ["runId", "validUntil", "source", "safetySnapshot", "allow", "connection"] as const;

/** What came of it, under the names that a program reads. What is not known is left out, never undefined. */
export function restoredOutputs(restored: Restored): Values {
  const { safetySnapshot, receipt } = restored;
  return {
    schemaVersion: SCHEMA_VERSION,
    outcome: restored.outcome,
    restoredAt: restored.restoredAt,
    restoredIndex: restored.restoredIndex,
    snapshotId: restored.snapshotId,
    // The argument is called safetySnapshot, and state knows one name once.
    ...(safetySnapshot === undefined ? {} : { safetyLocation: safetySnapshot }),
    ...(receipt === undefined ? {} : { receipt }),
    servers: restored.servers.map((server) => ({ ...server })),
    contents: restored.contents.map((records) => ({ ...records })),
    differences: restored.differences.map((difference) => ({ ...difference })),
    adopted: restored.adopted,
  };
}

/** A restore that has begun, for the next run to read back. */
export function attemptOutputs(attempt: Attempt): Values {
  return { schemaVersion: SCHEMA_VERSION, attempt: JSON.parse(JSON.stringify(attempt)) as Values };
}

export function attemptIn({ attempt }: Values): Attempt | undefined {
  return isRecord(attempt) ? (attempt as unknown as Attempt) : undefined;
}
