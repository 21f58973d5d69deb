/**
 * A restore from its beginning to its proof. Each step can stop all that follow it; before the archive is sent, nothing
 * of the cluster is touched; after it, only the cluster itself tells what became of it.
 *
 * receipt of an earlier run → archive and guards → what is there now, saved or read → receipt → the archive is sent →
 * the cluster is read back
 */

import { explain } from "../../errors";
import { type Attempt, holdingOf } from "./attempt";
import { keepBefore } from "./before";
import { seriesOf } from "../seriesMark";
import { aboutIndex, refusalOf, refused, refuseExpired } from "./guards";
import { findEarlier, noReceipt, type Parts, withParts, withSource } from "./parts";
import { completeReceipt, type Receipt } from "./receipt";
import type { Claim } from "./receipts";
import { NothingRestored } from "./refusal";
import { send } from "./send";
import type { Patience } from "./patience";
import { settle } from "./settle";
import type { Source } from "./source";
import { type Survey, survey } from "./survey";
import type { Reporter, Restored, RestoreRequest } from "./request";

export { type Restored, type RestoreRequest, Unidentified, Unsettled } from "./request";
export { NothingRestored } from "./refusal";
export type { Attempt } from "./attempt";
export type { Receipt } from "./receipt";
export type { Guard } from "./guards";
export { type Outlook, type Plan, plan } from "./plan";
export type { Patience } from "./patience";

/**
 * Restores, once: a run that has begun before, here or elsewhere, is read back and not restored again.
 *
 * @throws SnapshotError before anything has changed: `RESTORE_REFUSED` and what the steps throw; Unsettled after
 */
export async function restore(request: RestoreRequest, reporter: Reporter, patience: Patience = {}): Promise<Restored> {
  return withParts(request, reporter, async (parts) => {
    const { earlier, serverIds } = await findEarlier(request, parts, reporter);
    if (earlier !== undefined) return adopt(earlier, request, reporter, patience);
    refuseExpired(request.validUntil, new Date());
    return withSource(request, reporter, async (source) => {
      const surveyed = await survey(request, source, parts.client, serverIds, reporter, patience);
      const refusal = refusalOf(surveyed.guards);
      if (refusal !== undefined) throw refusal;
      for (const { seen, name, allowed } of surveyed.guards) if (allowed) reporter.warn(`allowed ${name}: ${seen}`);
      return carryOut({ ...parts, request, source, surveyed, reporter, patience });
    });
  });
}

/**
 * Finds out what became of a restore that has begun. Sends nothing to Consul that changes it.
 *
 * @throws Unsettled while it cannot be said to have succeeded: `RESTORE_UNCONFIRMED`, `RESTORE_WRONG`, or what keeps the
 *   cluster from being read
 */
export async function readBack(
  attempt: Attempt,
  request: RestoreRequest,
  reporter: Reporter,
  patience: Patience = {},
): Promise<Restored> {
  reporter.info(`a restore was begun at ${attempt.begunAt}: it is read back, and nothing is restored`);
  const settled = await settle({ attempt, request, patience, answer: "unknown", sentAll: true }, reporter);
  await complete(attempt, settled, reporter);
  return settled;
}

/**
 * Takes over what became of a run that has begun before, and reads it back where that is not known. Sends nothing.
 *
 * @throws Unsettled as `readBack`
 */
export async function adopt(
  { result, ...attempt }: Receipt,
  request: RestoreRequest,
  reporter: Reporter,
  patience: Patience = {},
): Promise<Restored> {
  if (result === undefined) return { ...(await readBack(attempt, request, reporter, patience)), adopted: true };
  reporter.warn(
    `runId "${attempt.runId}" was restored already at ${result.restoredAt} from ${attempt.source}, as its receipt ${attempt.receipt ?? ""} tells: nothing was restored now`,
  );
  const { receipt } = attempt;
  return { ...result, ...(receipt === undefined ? {} : { receipt }), adopted: true };
}

interface Carrying extends Parts {
  readonly request: RestoreRequest;
  readonly source: Source;
  readonly surveyed: Survey;
  readonly reporter: Reporter;
  readonly patience: Patience;
}

async function carryOut(carrying: Carrying): Promise<Restored> {
  const { request, client, source, surveyed, reporter, patience } = carrying;
  const { report } = surveyed;
  const before = await keepBefore(request, client, reporter);
  reporter.info(aboutIndex(report, before.holding.index));
  const { serverIds } = before;
  const bare: Attempt = {
    runId: request.runId,
    series: seriesOf(request),
    source: source.location,
    sha256: report.sha256,
    archiveSize: report.archiveSize,
    begunAt: new Date().toISOString(),
    datacenter: surveyed.cluster.datacenter ?? "unknown",
    serverIds,
    archive: holdingOf(report),
    before: before.holding,
    ...(before.location === undefined ? {} : { safetySnapshot: before.location }),
  };
  // A large safety snapshot takes its time.
  refuseExpired(request.validUntil, new Date());
  const claimed = await claim(carrying, bare);
  if ("taken" in claimed) {
    const { earlier } = await findEarlier(request, carrying, reporter);
    if (earlier !== undefined) return adopt(earlier, request, reporter, patience);
    throw refused(
      "receipt",
      `the receipt ${claimed.taken} of this run was there, and cannot be found now`,
      undefined,
      "If it is there, let whoever restores list and read its folder; if it is not, another try has taken it back: this one may be repeated.",
    );
  }
  const { attempt, withdraw } = claimed;
  const { answer, sentAny, sentAll } = await send(source, report, client, reporter);
  if (answer?.code === "INTERRUPTED" && !sentAny) {
    const hint = (await withdraw())
      ? "Run it again."
      : `Choose another runId: the receipt of this one, ${attempt.receipt ?? ""}, could not be taken back.`;
    throw new NothingRestored("INTERRUPTED", "it was interrupted before the archive was sent", hint, answer);
  }
  const settled = await settle({ attempt, request, patience, answer: answer ?? "accepted", sentAll }, reporter);
  await complete(attempt, settled, reporter);
  return settled;
}

/** Claims the run wherever it can, and says where it cannot, if that is no reason to refuse. */
function claim({ request, receipts, reporter }: Carrying, bare: Attempt): Promise<Claim | { readonly taken: string }> {
  return receipts.claim(bare, (error, isFirst) => {
    if (!isFirst && error.code === "STORE_DENIED") {
      reporter.warn(
        `there is no receipt beside the archive, so the same runId with another safetySnapshot.target would restore again: ${error.message}`,
      );
      return;
    }
    if (!request.allow.includes("noReceipt")) throw noReceipt("written", error);
    reporter.warn(`allowed noReceipt: what keeps this restore from being done twice is not written: ${error.message}`);
  });
}

async function complete(attempt: Attempt, settled: Restored, reporter: Reporter): Promise<void> {
  for (const receipt of [attempt.receipt, attempt.otherReceipt]) {
    if (receipt === undefined) continue;
    try {
      await completeReceipt(receipt, attempt, settled);
    } catch (error) {
      reporter.warn(`the restore is done, but its receipt could not be completed: ${explain(error)}`);
    }
  }
}
