/**
 * What restores again, and what is only recorded: a new runId, and everything else. A pure function; no sentence holds a
 * value that may be secret.
 */

import { type Change, UNKNOWN, type Value, type Values } from "../lifecycle";
import { recordedOnly } from "../recorded";
import { same } from "../values";

/** Arguments that say what a restore is to do; of one that is done they change nothing. */
const RECORDED_ONLY = ["validUntil", "source", "safetySnapshot", "allow", "connection"] as const;

/**
 * @param recorded - the outputs of the last create, update or read
 * @param inputs - the arguments now, as state would record them
 */
export function diff(recorded: Values, inputs: Values): Change[] {
  const again = diffRunId(recorded.runId, inputs);
  if (again !== undefined) return [again];
  return [
    ...diffAttempt(recorded),
    ...RECORDED_ONLY.flatMap((path) => recordedOnly(path, recorded[path], inputs[path], onlyRecorded(path))),
  ];
}

function diffRunId(before: Value | undefined, { runId, source }: Values): Change | undefined {
  if (same(before, runId)) return undefined;
  const archive = typeof source === "string" ? source : "an archive that is not known yet";
  const why = runId === UNKNOWN ? "runId is not known yet" : `runId changed from ${said(before)} to ${said(runId)}`;
  return {
    path: "runId",
    kind: "update",
    replaces: true,
    reason: `the cluster will be restored from ${archive}: ${why}`,
  };
}

/** State holds an attempt until what became of it is known. */
function diffAttempt({ attempt, runId }: Values): Change[] {
  if (attempt === undefined) return [];
  const reason = `the restore of run ${said(runId)} has begun, and how it ended is not known: the next update reads Consul, and restores nothing`;
  return [{ path: "runId", kind: "update", replaces: false, reason }];
}

function onlyRecorded(path: string): string {
  return `${path} changed, which restores nothing: only a new runId does`;
}

function said(value: Value | undefined): string {
  return JSON.stringify(value);
}
