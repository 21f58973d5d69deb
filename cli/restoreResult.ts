/** What came of a restore, as lines for a person. */

import { explain } from "../provider/errors";
import { type Restored, Unidentified, type Unsettled } from "../provider/transfer/load/load";

export function describeResult(restored: Restored, runId: string): string {
  const { outcome, differences, adopted } = restored;
  const first = adopted
    ? "Nothing was restored now: this run was restored before."
    : "Restored, and read back to prove it.";
  return [
    first,
    ...rows([
      ["outcome", `${outcome}: ${OUTCOMES[outcome]}`],
      ...differences.map(
        ({ type, archived, found, reason }) =>
          ["difference", `${type}: ${archived} in the archive, ${found} in the cluster: ${reason}`] as const,
      ),
      ["restored at", restored.restoredAt],
      ["snapshot id", restored.snapshotId],
      ["index now", restored.restoredIndex],
      ["safety snapshot", restored.safetySnapshot ?? "none"],
      ["receipt", restored.receipt ?? "none"],
      ["run id", runId],
    ]),
  ].join("\n");
}

const OUTCOMES = {
  exact: "the cluster holds what the archive does",
  drift: "the cluster holds what the archive does, and what was written since",
} as const;

/**
 * A restore that was begun and is not proved: why, and how to go on.
 *
 * @param again - the command that reads back
 */
export function describeUnsettled(unsettled: Unsettled, again: string): string {
  const { cause, attempt } = unsettled;
  const { runId, begunAt, safetySnapshot, receipt } = attempt;
  return [
    explain(cause),
    ...rows([
      ["begun at", begunAt],
      ["safety snapshot", safetySnapshot ?? "none"],
      ["receipt", receipt ?? "none"],
      ["run id", runId],
    ]),
    ...(receipt === undefined
      ? ["There is no receipt, so the same command would restore again: look at the cluster first."]
      : [toReadBack(unsettled), `  ${again}`]),
  ].join("\n");
}

function toReadBack(unsettled: Unsettled): string {
  return unsettled instanceof Unidentified
    ? "To read back what became of it, if it was on this cluster; if it was on another, this one is restored:"
    : "To read back what became of it, and restore nothing:";
}

function rows(entries: readonly (readonly [string, string | number])[]): string[] {
  return entries.map(([name, value]) => `  ${name.padEnd(17)}${value}`);
}
