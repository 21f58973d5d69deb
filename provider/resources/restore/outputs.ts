/** What a restore stores in state: its result, and the arguments that later runs compare with. No secret. */

import { compact } from "../../compact";
import { isRecord, type Values } from "../../lifecycle";
import type { Attempt } from "../../restore/attempt";
import type { Restored } from "../../restore/request";

/** Version of the form of state; increased when old state must be read differently. */
const SCHEMA_VERSION = 1;

/** The result, under the names that a program reads. What is unknown is left out, never undefined. */
export function restoredOutputs(restored: Restored): Values {
  const { safetySnapshot, receipt, unsavedChanges } = restored;
  return compact({
    schemaVersion: SCHEMA_VERSION,
    outcome: restored.outcome,
    restoredAt: restored.restoredAt,
    restoredIndex: restored.restoredIndex,
    snapshotId: restored.snapshotId,
    // The name `safetySnapshot` is taken: state has one namespace for arguments and outputs.
    safetyLocation: safetySnapshot,
    unsavedChanges,
    receipt,
    servers: restored.servers.map((server) => ({ ...server })),
    contents: restored.contents.map((records) => ({ ...records })),
    differences: restored.differences.map((difference) => ({ ...difference })),
    adopted: restored.adopted,
  });
}

/** A restore that has begun, for the next run to read back. */
export function attemptOutputs(attempt: Attempt): Values {
  return { schemaVersion: SCHEMA_VERSION, attempt: JSON.parse(JSON.stringify(attempt)) as Values };
}

export function attemptIn({ attempt }: Values): Attempt | undefined {
  return isRecord(attempt) ? (attempt as unknown as Attempt) : undefined;
}
