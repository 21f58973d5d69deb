/**
 * Only a new runId restores again; all other changes are only stored in state. A pure function. No sentence contains a value
 * that may be secret.
 */

import { RESTORE } from "../../args/tables/restore";
import { type Change, UNKNOWN, type Value, type Values } from "../../lifecycle";
import { recordedOnly, valueIn } from "../recordedArgs";
import { same } from "../../values";
import { normalizeRunId } from "../../restore/runId";
import { expiry } from "./preview";

/** Once a restore is done, a change of these has no effect. */
const RECORDED_ONLY = Object.entries(RESTORE).flatMap(([name, { effect }]) => (effect === "record" ? [name] : []));

/**
 * @param recorded - the outputs of the last create, update or read
 * @param inputs - the current arguments, in the form in which state would store them
 * @param now - the current time
 * @param problem - why the source cannot be restored, if that is known and a run begins
 */
export function diff(recorded: Values, inputs: Values, now: Date, problem?: string): Change[] {
  const again = diffRunId(recorded, inputs, now, problem);
  if (again !== undefined) return [again];
  return [
    ...diffAttempt(recorded),
    ...RECORDED_ONLY.flatMap((path) =>
      recordedOnly(path, valueIn(RESTORE, path, recorded), valueIn(RESTORE, path, inputs), onlyRecorded(path)),
    ),
  ];
}

/** Whether a run begins other than the one in state. */
export function beginsRun(recorded: Values, inputs: Values): boolean {
  return !same(normalized(recorded.runId), normalized(inputs.runId));
}

function diffRunId(recorded: Values, inputs: Values, now: Date, problem: string | undefined): Change | undefined {
  if (!beginsRun(recorded, inputs)) return undefined;
  const { runId: before } = recorded;
  const { runId, source } = inputs;
  const archive = typeof source === "string" ? source : "an archive that is not known yet";
  const why = runId === UNKNOWN ? "runId is not known yet" : `runId changed from ${quoted(before)} to ${quoted(runId)}`;
  const expired = expiry(inputs, now);
  const refusal =
    expired === undefined
      ? problem && `${problem}: as it is now, nothing will be restored`
      : `${expired}: nothing will be restored`;
  const reason =
    refusal === undefined ? `the cluster will be restored from ${archive}: ${why}` : `${refusal}, though ${why}`;
  return { path: "runId", kind: "update", replaces: true, reason };
}

/** Ids that look equal denote the same run. */
function normalized(runId: Value | undefined): Value | undefined {
  return typeof runId === "string" ? normalizeRunId(runId) : runId;
}

/** State contains an attempt until its result is known. */
function diffAttempt({ attempt, runId }: Values): Change[] {
  if (attempt === undefined) return [];
  const reason = `the restore of run ${quoted(runId)} has begun, and how it ended is not known: the next update reads Consul, and restores nothing`;
  return [{ path: "runId", kind: "update", replaces: false, reason }];
}

function onlyRecorded(path: string): string {
  return `${path} changed, which restores nothing: only a new runId does`;
}

function quoted(value: Value | undefined): string {
  return JSON.stringify(value);
}
