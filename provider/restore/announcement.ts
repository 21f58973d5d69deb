/** What a reviewer is told of a restore that is to be created: in one sentence, before anything happens. */

import { readConnectionArgs } from "../commonArgs";
import { resolveConnection, type Sources } from "../consul/connection";
import type { Values } from "../lifecycle";
import { holdsUnknown } from "../values";

/**
 * @param inputs - arguments in which nothing is wrong
 * @param sources - stack configuration and environment
 * @param now - the clock
 */
export function announcement(inputs: Values, sources: Sources, now: Date): string {
  const { runId, source, validUntil, connection } = inputs;
  const where = holdsUnknown(connection)
    ? "a Consul that is not known yet"
    : `Consul at ${resolveConnection(readConnectionArgs(inputs), sources).url}`;
  const run = typeof runId === "string" ? `run ${JSON.stringify(runId)}` : "a run that is not known yet";
  const archive = typeof source === "string" ? source : "an archive that is not known yet";
  if (typeof validUntil === "string" && Date.parse(validUntil) < now.getTime()) {
    return `${run} was valid until ${validUntil}, which has passed: nothing will be restored`;
  }
  return `all state of ${where} will be replaced by ${archive} (${run}), unless this run was restored already`;
}
