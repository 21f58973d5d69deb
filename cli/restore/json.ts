/** A restore's result as data: the shapes of docs/reference/command.md. */

import { compact } from "../../provider/compact";
import { errorData } from "../../provider/errorData";
import type { Guard } from "../../provider/restore/guards";
import type { Restored, Unsettled } from "../../provider/restore/request";

/** @param guards - as they were judged before the restore; nothing for a run that had begun earlier */
export function resultJson(restored: Restored, runId: string, guards: readonly Guard[] | undefined): object {
  const { unsavedChanges, ...result } = restored;
  return compact({ ...result, changesSinceSafetySnapshot: unsavedChanges, runId, guards });
}

/** @param readBack - the command that reads the run back, where its receipt exists */
export function unsettledJson({ cause, attempt }: Unsettled, readBack: string): object {
  const { runId, begunAt, safetySnapshot, receipt } = attempt;
  const details = compact({ runId, begunAt, safetySnapshot, receipt, readBack: receipt && readBack });
  return { error: errorData(cause, details) };
}
