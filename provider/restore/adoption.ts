/**
 * Adopts a run that has begun before: nothing is restored; the cluster is read back instead.
 *
 * Anyone who may write to a receipt's folder can forge a receipt. So a result in a receipt is never trusted: either the
 * cluster proves it now, or the outcome is `unproved`. Nor is what a receipt without a result says of the state before: only
 * the safety snapshot shows whether the cluster has changed.
 */

import { performance } from "node:perf_hooks";
import type { ArchiveReport } from "../archive/reader";
import { explain, isCode, SnapshotError } from "../errors";
import { programName } from "../program";
import { argumentName } from "./argumentName";
import { type Attempt, contentsOf } from "./attempt";
import { pause } from "./clusterObservation";
import { findReceiptAgain } from "./earlierRun";
import { refused } from "./guards";
import type { Ending } from "./outcomes";
import { readBack } from "./readBack";
import type { Receipt } from "./receipt";
import { withRequestedPlaces } from "./requestedPlaces";
import { type Restored, Unidentified, Unsettled } from "./request";
import type { Session } from "./session";
import { readRecordedState } from "./recordedState";
import { unchangedLimitMs } from "./waitLimits";
import { type CleanText, composed, remark } from "../text";

const AGAIN_MS = 1000;

/**
 * Adopts a run that has begun before. The cluster is read back even if the receipt has a result. If the cluster no
 * longer proves that result, because it was used since or the archive is gone, the outcome is `unproved`.
 *
 * @throws Unsettled as `readBackAttempt`, if the receipt has no result or drift is a failure; SnapshotError `RESTORE_REFUSED` if
 * the run restored another archive
 */
export async function adopt({ attempt, result, location }: Receipt, session: Session): Promise<Restored> {
  const { request } = session;
  const runId = argumentName(request.connection, "runId");
  if (request.sha256 !== undefined && request.sha256 !== attempt.sha256) {
    throw refused(
      "receipt",
      `${runId} ${JSON.stringify(request.runId)} was begun with another archive, of SHA-256 ${attempt.sha256}, as its receipt ${location} says`,
    );
  }
  if (result !== undefined) return adoptResult(attempt, result, location, session);
  const { begun, report } = await readArchive(session, attempt);
  const before = await readRecordedState(begun, report, session);
  if ("contents" in before) {
    return { ...(await readBackLater({ ...begun, before: before.contents }, session)), adopted: true };
  }
  const completed = await waitForResult(begun, session);
  if (completed?.result !== undefined) {
    return adoptResult(completed.attempt, completed.result, completed.location, session);
  }
  const diff = `${programName()} diff compares the cluster with the archive.`;
  throw unidentified(
    begun,
    session,
    `only its receipt, which everyone who may write to that folder can forge, says what the cluster held before: ${before.unknown}`,
    `${before.hint} If that run still works, repeat this one when it is done. ${diff} To restore the archive now, choose another ${runId}.`,
    before.cause,
  );
}

/** The process that has begun the run may still be at work: it adds the result to the receipt. */
async function waitForResult(attempt: Attempt, session: Session): Promise<Receipt | undefined> {
  const { reporter, limits } = session;
  const deadline = performance.now() + unchangedLimitMs(limits, attempt.archiveSize);
  reporter.status({ phase: "waitingForResult" });
  for (;;) {
    const receipt = await findReceiptAgain(session, attempt);
    if (receipt?.result !== undefined) return withRequestedPlaces(receipt, session);
    if (receipt === undefined || performance.now() > deadline) return undefined;
    await pause(AGAIN_MS, reporter.signal);
  }
}

/** The run has begun, and it is unknown what came of it. */
function unidentified(
  attempt: Attempt,
  session: Session,
  message: string,
  hint: string,
  cause?: unknown,
): Unidentified {
  const said = `${describeBeginning(attempt, session)}, and ${message}`;
  return new Unidentified(new SnapshotError("RESTORE_UNCONFIRMED", said, hint, cause), attempt);
}

function describeBeginning({ begunAt }: Attempt, { request }: Session): string {
  const runId = argumentName(request.connection, "runId");
  return `a restore of ${runId} ${JSON.stringify(request.runId)} was begun at ${begunAt}`;
}

async function adoptResult(attempt: Attempt, result: Restored, location: string, session: Session): Promise<Restored> {
  const { request, reporter } = session;
  const runId = argumentName(request.connection, "runId");
  const restoredBefore = (from: string): CleanText =>
    remark`${runId} ${JSON.stringify(request.runId)} was restored already at ${result.restoredAt}${from}, as its receipt ${location} says: nothing was restored now`;
  try {
    // No upload is in progress any more, so there is no reason to wait for the state to change.
    const ending: Ending = { attempt: (await readArchive(session, attempt)).begun, answer: "unknown", sentAll: false };
    const found = await readBack(session, ending);
    reporter.warn(remark`${restoredBefore(` from ${attempt.source}`)}; the cluster was read back: ${found.outcome}`);
    return { ...found, adopted: true };
  } catch (error) {
    if (!(error instanceof Unsettled) || request.strict === true || isCode(error.cause, "INTERRUPTED")) throw error;
    reporter.warn(
      remark`${restoredBefore("")}, but the cluster does not prove it: ${error.cause.message}. It may have been used since. Everyone who may write to that folder can write a receipt: if this run was not yours, choose another ${runId}`,
    );
    return { ...result, outcome: "unproved", differences: [], adopted: true };
  }
}

/** The cluster is compared with the archive that the request specifies, not with the receipt's description of it. */
async function readArchive(
  session: Session,
  attempt: Attempt,
): Promise<{ readonly begun: Attempt; readonly report: ArchiveReport }> {
  const { request } = session;
  const runId = argumentName(request.connection, "runId");
  session.reporter.status({ phase: "rereadingArchive" });
  let report;
  try {
    ({ report } = await (await session.source()).read());
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    if (isCode(error, "INTERRUPTED")) {
      const message = `${describeBeginning(attempt, session)}, and reading its result back was interrupted`;
      throw new Unidentified(new SnapshotError("INTERRUPTED", message, "Run it again."), attempt);
    }
    throw unidentified(
      attempt,
      session,
      `the archive cannot be read to compare the cluster with it: ${error.message}`,
      error.hint,
      error,
    );
  }
  if (report.sha256 !== attempt.sha256) {
    throw unidentified(
      attempt,
      session,
      `its receipt names another archive than source: SHA-256 ${attempt.sha256}`,
      `Name the archive with which the run was begun. To restore this one, choose another ${runId}.`,
    );
  }
  return { begun: { ...attempt, archive: contentsOf(report), archiveSize: report.archiveSize }, report };
}

/** Reads back a restore that has begun before. Changes nothing in Consul. */
export async function readBackLater(attempt: Attempt, session: Session): Promise<Restored> {
  session.reporter.info(
    remark`a restore was begun at ${attempt.begunAt}: its result is read back, and nothing is restored`,
  );
  return proved(session, { attempt, answer: "unknown", sentAll: true });
}

/** Reads the cluster back and writes the result to the receipts. */
export async function proved(session: Session, ending: Ending): Promise<Restored> {
  const restored = await readBack(session, ending);
  const { attempt } = ending;
  if (attempt.receipt !== undefined) {
    await session.receipts.complete(attempt, restored, (error) => {
      session.reporter.warn(composed`the restore is done, but a receipt could not be completed: ${explain(error)}`);
    });
  }
  return restored;
}
