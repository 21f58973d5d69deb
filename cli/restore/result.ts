/** The result of a restore, as lines for a person. */

import { explain } from "../../provider/errors";
import { type Restored, Unidentified, type Unsettled } from "../../provider/restore/request";
import { cleanMessage, type CleanLines, composed, joined, sentence } from "../../provider/text";
import { rows } from "../terminal/rows";

/** Of the names of rows, in characters. */
const WIDTH = 17;

export function describeResult(restored: Restored, runId: string): CleanLines {
  const { outcome, differences, adopted } = restored;
  const lines = [
    adopted ? ADOPTED : sentence`Restored, and read back to prove it.`,
    ...rows(
      [
        ["outcome", `${outcome}: ${OUTCOMES[outcome]}`],
        ...differences.map(
          ({ type, archived, found, reason }) =>
            ["difference", `${type}: ${archived} in the archive, ${found} in the cluster: ${reason}`] as const,
        ),
        ["restored at", restored.restoredAt],
        ["snapshot id", restored.snapshotId],
        ["index now", restored.restoredIndex],
        ["safety snapshot", restored.safetySnapshot ?? (adopted ? IN_RECEIPT : "none")],
        ...(restored.unsavedChanges === undefined
          ? []
          : [["unsaved changes", describeUnsaved(restored.unsavedChanges)] as const]),
        ["receipt", restored.receipt ?? "none"],
        ["run id", runId],
      ],
      WIDTH,
    ),
  ];
  return joined(lines, "\n");
}

function describeUnsaved(count: number): string {
  return count === 0 ? "none" : `${count} Raft entries after the safety snapshot, in neither it nor the archive`;
}

/** Not shown, because others can write a receipt. */
const IN_RECEIPT = "if there is one, the receipt names it";

const ADOPTED = sentence`Nothing was restored now: this run was begun before, as its receipt says.`;

const OUTCOMES = {
  exact: "when it was read back, the cluster held what the archive holds",
  drift: "the cluster differs from the archive: by writes after the restore, or in what servers and agents write",
  unproved: "only the receipt says that this run was restored: the cluster does not prove it",
} as const;

/**
 * A restore that was begun and is not proved: why, and how to go on.
 *
 * @param again - the command that reads a run back
 */
export function describeUnsettled(unsettled: Unsettled, again: (runId: string) => string): CleanLines {
  const { cause, attempt } = unsettled;
  const { runId, begunAt, safetySnapshot, receipt, fromReceipt } = attempt;
  const lines = [
    explain(cause),
    ...rows(
      [
        ["begun at", begunAt],
        ["safety snapshot", safetySnapshot ?? (fromReceipt === true ? IN_RECEIPT : "none")],
        ["receipt", receipt ?? "none"],
        ["run id", runId],
      ],
      WIDTH,
    ),
    ...(receipt === undefined
      ? [sentence`There is no receipt, so the same command would restore again: look at the cluster first.`]
      : [
          sentence`Do not repeat your original command: without --run-id it restores again.`,
          toReadBack(unsettled),
          composed`  ${cleanMessage(again(runId))}`,
        ]),
  ];
  return joined(lines, "\n");
}

function toReadBack(unsettled: Unsettled): CleanLines {
  return unsettled instanceof Unidentified
    ? sentence`To read its result back, if it was on this cluster; if it was on another, this one is restored:`
    : sentence`To read its result back, and restore nothing:`;
}
