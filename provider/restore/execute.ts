/**
 * The second half of a restore. Each step can stop the ones after it. Until the archive is sent, the cluster is
 * unchanged; after that, only the cluster itself can show the result.
 *
 * recheck what may have changed since `prepare` → save or read the current state → write the receipt → send the archive
 * → read back
 */

import { seriesOf } from "../catalog/series";
import { compact } from "../compact";
import { isCode, SnapshotError } from "../errors";
import { argumentName } from "./argumentName";
import { type Attempt, contentsOf } from "./attempt";
import { adopt, proved, readBackLater } from "./adoption";
import { instability, observeOnce } from "./clusterObservation";
import { findEarlierRun, noReceipt } from "./earlierRun";
import { describeRollback, type Finding } from "./guardChecks";
import { type GuardName, NothingRestored, refusalOf, refused, refuseExpired, verdict } from "./guards";
import { type Preparation, prepare, timeFacts } from "./prepare";
import type { Claim } from "./receipts";
import { type Reporter, type Restored, type RestoreRequest, Unchanged } from "./request";
import { normalizeRunId } from "./runId";
import { saveStateBefore, type StateBefore } from "./safetySnapshot";
import { confirmCluster, requireSameCluster } from "./sameCluster";
import { isNotTaken, send, type Sent } from "./send";
import { type Session, type SessionOptions, withSession } from "./session";
import type { Source } from "./source";
import { remark } from "../text";

/**
 * Restores, once: a run that has begun before, here or elsewhere, is read back and not restored again.
 *
 * @throws SnapshotError before anything has changed: `RESTORE_REFUSED` and what the steps throw; Unsettled after
 */
export async function restore(
  request: RestoreRequest,
  reporter: Reporter,
  options: SessionOptions = {},
): Promise<Restored> {
  return withSession(request, reporter, options, async (session) => {
    const prepared = await prepare(session, { saveState: true });
    return "earlier" in prepared ? adopt(prepared.earlier, session) : execute(prepared, session);
  });
}

/**
 * Determines the result of a restore that is stored in state as begun. Changes nothing in Consul.
 *
 * @throws Unsettled until it is proved: `RESTORE_UNCONFIRMED`, `RESTORE_WRONG`, or the error that prevents reading the
 * cluster
 */
export async function readBackAttempt(
  attempt: Attempt,
  request: RestoreRequest,
  reporter: Reporter,
  options: SessionOptions = {},
): Promise<Restored> {
  return withSession(request, reporter, options, (session) => readBackLater(attempt, session));
}

/**
 * Executes a prepared restore, in the same session.
 *
 * @throws SnapshotError before anything has changed: `RESTORE_REFUSED` and what the steps throw; Unsettled after
 */
export async function execute(prepared: Preparation, session: Session): Promise<Restored> {
  const { reporter } = session;
  const { report, cluster, guards, refusal } = prepared;
  if (refusal !== undefined) throw refusal;
  for (const { message, name, overridden } of guards)
    if (overridden) reporter.warn(remark`overridden ${name}: ${message}`);
  await recheck(prepared, session);
  const before = await takeStateBefore(session, prepared);
  reporter.info(remark`${describeRollback(report, before.contents.index, cluster.identity)}`);
  // Check again: a large safety snapshot takes a long time.
  refuseExpired(timeFacts(session));
  const source = await session.source();
  const claimed = await claim(session, newAttempt(prepared, session, source, before));
  if ("taken" in claimed) return adoptTaken(claimed.taken, session);
  const { attempt } = claimed;
  if (attempt.receipt !== undefined) reporter.info(remark`the receipt of this run: ${attempt.receipt}`);
  const { failure, sentAll, unsavedChanges } = await sendOrWithdraw(claimed, session, source, prepared, before);
  const answer = failure === undefined ? "accepted" : failure.error;
  try {
    return await proved(session, compact({ attempt, answer, sentAll, isRefused: failure?.notTaken, unsavedChanges }));
  } catch (error) {
    // A refusal that came after the whole archive is believed once the cluster shows that nothing has changed.
    if (failure?.notTaken === true && error instanceof Unchanged)
      throw await withdrawn(claimed, session, failure.error);
    throw error;
  }
}

/** Checks again what may have changed since the preparation: the operator may have spent an hour on the plan. */
async function recheck({ cluster }: Preparation, session: Session): Promise<void> {
  const { client, request } = session;
  await confirmCluster(client, cluster.identity, cluster.address, "than when the restore was prepared");
  refuseExpired(timeFacts(session));
  const source = await session.source();
  if (!(await source.isUnchanged())) {
    throw refused("source", `${source.location} is another archive than when it was verified`);
  }
  const observation = await observeOnce(client);
  const problem = instability(observation);
  const found = (name: GuardName, finding: Finding) => verdict(name, finding, request.allow);
  const verdicts = [
    found("leader", { ok: observation.leader !== undefined, message: `Consul at ${cluster.address} has no leader` }),
    found("unhealthyCluster", { ok: problem === undefined, message: problem ?? "" }),
  ];
  const refusal = refusalOf(verdicts, request.connection.vocabulary);
  if (refusal !== undefined) throw refusal;
}

async function takeStateBefore(session: Session, { stateBefore: early, cluster }: Preparation): Promise<StateBefore> {
  const { identity, address } = cluster;
  const before = await early?.finish();
  if (before === undefined) return saveStateBefore(session, identity);
  // Preparation may have learnt more about the cluster since this began.
  requireSameCluster(identity, before.identity, address, "to the request for the current state");
  return before;
}

function newAttempt(
  { report, cluster }: Preparation,
  { request }: Session,
  source: Source,
  before: StateBefore,
): Attempt {
  return compact({
    runId: normalizeRunId(request.runId),
    series: seriesOf(request.owner),
    source: source.location,
    sha256: report.sha256,
    archiveSize: report.archiveSize,
    begunAt: new Date().toISOString(),
    datacenter: cluster.datacenter ?? "unknown",
    serverIds: before.identity.serverIds,
    archive: contentsOf(report),
    before: before.contents,
    safetySnapshot: before.location,
  });
}

/** Claims the run at every place. A place that fails is reported, unless it is a reason to refuse. */
function claim({ request, receipts, reporter }: Session, bare: Attempt): Promise<Claim | { readonly taken: string }> {
  const [runId, target] = [
    argumentName(request.connection, "runId"),
    argumentName(request.connection, "safetySnapshot.target"),
  ];
  return receipts.claim(bare, (error, isFirst) => {
    if (!isFirst && isCode(error, "STORE_DENIED")) {
      reporter.warn(
        remark`there is no receipt beside the archive, so the same ${runId} with another ${target} would restore again: ${error.message}`,
      );
      return;
    }
    if (!request.allow.includes("noReceipt")) throw noReceipt("written", error, request);
    reporter.warn(remark`overridden noReceipt: nothing prevents a second restore of this run: ${error.message}`);
  });
}

/** Adopts the run of another process that has begun the same run in the meantime. */
async function adoptTaken(location: string, session: Session): Promise<Restored> {
  const { earlier } = await findEarlierRun(session);
  if (earlier !== undefined) return adopt(earlier, session);
  throw refused("receipt", `the receipt ${location} of this run was there, and cannot be found now`, {
    hint: "If it is there, permit the restore to list and read its folder; if it is not, another run has deleted it: repeat this one.",
  });
}

/** @throws NothingRestored if Consul has certainly not accepted the archive */
async function sendOrWithdraw(
  claim: Claim,
  session: Session,
  source: Source,
  { report, cluster }: Preparation,
  before: StateBefore,
): Promise<Sent> {
  let sent: Sent;
  try {
    sent = await send(session, source, report, before, cluster.datacenter);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw await withdrawn(claim, session, error);
  }
  if (sent.failure !== undefined && isNotTaken(sent)) throw await withdrawn(claim, session, sent.failure.error);
  return sent;
}

/**
 * The error of a run that has restored nothing. The receipts are deleted, so that the same run can be repeated.
 *
 * @param reason - why nothing was restored
 */
async function withdrawn(
  { attempt, withdraw }: Claim,
  { request }: Session,
  reason: SnapshotError,
): Promise<NothingRestored> {
  const isWithdrawn = await withdraw();
  const hint = isWithdrawn
    ? reason.hint
    : `${reason.hint} Then choose another ${argumentName(request.connection, "runId")}: the receipt of this one, ${attempt.receipt ?? ""}, could not be deleted.`;
  if (isCode(reason, "INTERRUPTED")) {
    return new NothingRestored("INTERRUPTED", "it was interrupted before the archive was sent", hint, reason);
  }
  const { why, guards } = reason instanceof NothingRestored ? reason : { why: reason.message, guards: undefined };
  return new NothingRestored(reason.code, why, hint, reason, guards);
}
