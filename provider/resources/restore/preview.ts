/** The sentence that a preview shows about a restore that will be created. */

import { resolveConnection, type Sources } from "../../consul/connection";
import type { Values } from "../../lifecycle";
import { holdsUnknown } from "../../values";
import { readConnectionArgs } from "../commonArgs";

/**
 * @param inputs - arguments without problems
 * @param sources - stack configuration and environment
 * @param now - the current time
 * @param problem - why the source cannot be restored, if that is known
 */
export function restorePreview(inputs: Values, sources: Sources, now: Date, problem?: string): string {
  const { source, connection } = inputs;
  const where = holdsUnknown(connection)
    ? "a Consul that is not known yet"
    : `Consul at ${resolveConnection(readConnectionArgs(inputs), sources).url}`;
  const run = describeRun(inputs);
  const archive = typeof source === "string" ? source : "an archive that is not known yet";
  const expired = expiry(inputs, now);
  if (expired !== undefined) return `${expired}: nothing will be restored`;
  if (problem !== undefined) return `${problem}: as it is now, nothing will be restored (${run})`;
  return `all state of ${where} will be replaced by ${archive} (${run}), unless this run was restored already`;
}

/** A sentence that says that `validUntil` has passed; `undefined` if it has not, or is unknown. */
export function expiry(inputs: Values, now: Date): string | undefined {
  const { validUntil } = inputs;
  if (typeof validUntil !== "string" || !(Date.parse(validUntil) < now.getTime())) return undefined;
  return `${describeRun(inputs)} was valid until ${validUntil}, which has passed`;
}

function describeRun({ runId }: Values): string {
  return typeof runId === "string" ? `run ${JSON.stringify(runId)}` : "a run that is not known yet";
}
