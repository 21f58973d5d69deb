/**
 * Determines the result of a restore: waits until the cluster is stable, reads its state as a stream, and compares it.
 * It changes nothing and can be repeated at any time.
 */

import { performance } from "node:perf_hooks";
import type { ArchiveReport } from "../archive/reader";
import type { ConsulClient } from "../consul/client";
import { identityOfServers } from "../consul/clusterIdentity";
import { SnapshotError } from "../errors";
import { shareServer } from "../serverId";
import { contentsOf } from "./attempt";
import { pause, type VotersWait, waitForVoters } from "./clusterObservation";
import { readCluster } from "./currentState";
import {
  contradiction,
  type Ending,
  explainUnread,
  indistinguishable,
  judge,
  listDifferences,
  provesNothing,
  restorationOf,
  restoredAs,
  silent,
  stateAsBefore,
  unconfirmed,
  unstable,
  wrong,
} from "./outcomes";
import { differingTypes, Findings, describeDifference, writtenByServers } from "./proof";
import { type Restored, Unsettled } from "./request";
import type { Session } from "./session";
import { unchangedLimitMs } from "./waitLimits";
import { remark } from "../text";

const LEADER_MS = 120_000;
const AGAIN_MS = 1000;

/** @throws Unsettled `RESTORE_UNCONFIRMED`, `RESTORE_WRONG`, or the error that prevents reading the cluster */
export async function readBack(session: Session, ending: Ending): Promise<Restored> {
  const { reporter, request } = session;
  try {
    await waitUntilStable(session, ending);
    const restored = await readUntilSure(session, ending, await session.knownClient());
    if (ending.answer instanceof SnapshotError) {
      reporter.warn(
        remark`the cluster holds what the archive holds, though Consul did not confirm the restore: ${ending.answer.message}`,
      );
    }
    return restored;
  } catch (error) {
    if (error instanceof Unsettled) throw error;
    throw new Unsettled(explainUnread(ending, request, error), ending.attempt);
  }
}

async function waitUntilStable({ client, limits, reporter, request }: Session, ending: Ending): Promise<void> {
  reporter.status({ phase: "waitingUntilStable" });
  const limitMs = limits.leaderMs ?? LEADER_MS;
  const voters = await waitForVoters(client, 0, limitMs, reporter.signal);
  if (voters === "yes" || voters === "unchecked") return;
  throw voters === "no" ? unstable(ending, request, limitMs) : silent(ending, request, voters.silentMs);
}

async function readUntilSure(session: Session, ending: Ending, client: ConsulClient): Promise<Restored> {
  const { attempt, answer } = ending;
  const { reporter, limits, request } = session;
  const watchMs = ending.sentAll ? unchangedLimitMs(limits, attempt.archiveSize) : AGAIN_MS;
  const deadline = performance.now() + watchMs;
  // A restore gets an index above all previous ones. If Consul did not confirm the restore, only the cluster shows that
  // index.
  let voters = answer === "accepted" ? await votersUpTo(restorationOf(attempt).index + 1) : undefined;
  for (;;) {
    reporter.status({ phase: "readingBack" });
    const report = await readCluster(client);
    requireRestoredCluster(session, ending, report);
    requireDecodable(session, ending, report, "the cluster");
    const found = contentsOf(report);
    const judgement = judge(ending, found);
    if (voters === undefined && (judgement.holds === "archive" || judgement.holds === "other")) {
      voters = await votersUpTo(report.meta.index);
      continue;
    }
    switch (judgement.holds) {
      case "archive": {
        reportVoters(session, voters);
        return restoredAs(ending, request, report, writtenByServers(judgement.servers, attempt.archive, found));
      }
      case "either":
        throw indistinguishable(ending, request);
      case "other": {
        const closer = await compareRecords(session, ending, client, judgement.users);
        reportVoters(session, voters);
        return closer;
      }
      case "before":
        if (performance.now() > deadline) throw await asBefore(session, ending, client, judgement.unlessSame);
        reporter.status({ phase: "stillAsBefore" });
        await pause(AGAIN_MS, reporter.signal);
    }
  }

  function votersUpTo(index: number): ReturnType<typeof waitForVoters> {
    reporter.status({ phase: "waitingForVoters" });
    return waitForVoters(client, index, limits.leaderMs ?? LEADER_MS, reporter.signal);
  }
}

function requireRestoredCluster({ request }: Session, ending: Ending, { meta }: ArchiveReport): void {
  if (shareServer(identityOfServers(meta.servers).serverIds, ending.attempt.serverIds)) return;
  throw unconfirmed(ending, request, `Consul at ${request.connection.url} is another cluster than was restored`);
}

/** Records after an undecodable one were not seen, so they cannot be compared. */
function requireDecodable({ request }: Session, ending: Ending, { state }: ArchiveReport, whose: string): void {
  if (state.undecodable === undefined) return;
  const { offset, message } = state.undecodable;
  throw unconfirmed(ending, request, `the state of ${whose} cannot be decoded at byte ${offset}: ${message}`);
}

/** A voter that lags receives the state from the leader, so this does not make the restore fail. */
function reportVoters({ reporter, request: { connection } }: Session, voters: VotersWait | undefined): void {
  if (voters === "no" || typeof voters === "object") {
    reporter.warn(
      remark`not all voters of Consul at ${connection.url} had caught up when it was read: see consul operator raft list-peers`,
    );
  }
  if (voters === "unchecked") {
    reporter.info(
      remark`whether all voters have the restored state is unchecked: Consul does not let this run read it (operator:read)`,
    );
  }
}

/**
 * The cluster has its previous contents. Nothing was restored, unless the archive has the same content.
 *
 * @param unlessSame - the types whose records must be compared to find out, if any
 */
async function asBefore(
  session: Session,
  ending: Ending,
  client: ConsulClient,
  unlessSame: readonly string[],
): Promise<Unsettled> {
  if (unlessSame.length === 0) return stateAsBefore(ending, session.request);
  session.reporter.status({ phase: "comparingRecords" });
  const { findings } = await examineRecords(session, ending, client, unlessSame);
  const explained = unlessSame.map((type) => findings.explain(type));
  if (explained.some(({ lost, unexpected }) => lost > 0 || unexpected > 0)) {
    return stateAsBefore(ending, session.request);
  }
  return explained.some(({ uncompared }) => uncompared > 0)
    ? unconfirmed(ending, session.request, "some records cannot be compared")
    : indistinguishable(ending, session.request);
}

/** Either records were written since, or the result is wrong: the records show which. */
async function compareRecords(
  session: Session,
  ending: Ending,
  client: ConsulClient,
  types: readonly string[],
): Promise<Restored> {
  const { attempt, answer } = ending;
  const { reporter, request } = session;
  reporter.status({ phase: "comparingRecords" });
  const { report, findings } = await examineRecords(session, ending, client, types);
  const found = contentsOf(report);
  const now = differingTypes(attempt.archive, found);
  const explained = now.users.map((type) => ({ type, ...findings.explain(type) }));
  const differences = explained.flatMap(({ type, ...explanation }) =>
    describeDifference(type, explanation, attempt.archive, found),
  );
  if (explained.every(({ isExplained }) => isExplained)) {
    if (provesNothing(ending, found, explained)) throw indistinguishable(ending, request);
    const all = [...differences, ...writtenByServers(now.servers, attempt.archive, found)];
    return restoredAs(ending, request, report, all);
  }
  const what = listDifferences(differences);
  if (explained.every(({ lost, unexpected }) => lost === 0 && unexpected === 0)) {
    throw unconfirmed(ending, request, `some records cannot be compared (${what})`);
  }
  if (answer === "accepted") throw wrong(ending, request, contradiction(ending, found, what));
  throw unconfirmed(ending, request, `the cluster is neither as before nor as in the archive (${what})`);
}

/**
 * Compares records of the cluster with those of the archive. The cluster is read again until all types that differ have
 * been compared: another type may have changed in the meantime.
 */
async function examineRecords(
  session: Session,
  ending: Ending,
  client: ConsulClient,
  types: readonly string[],
): Promise<{ report: ArchiveReport; findings: Findings }> {
  for (let examined = types; ; ) {
    const findings = new Findings(examined, restorationOf(ending.attempt));
    const report = await readCluster(client, findings.see);
    requireRestoredCluster(session, ending, report);
    requireDecodable(session, ending, report, "the cluster");
    const { users } = differingTypes(ending.attempt.archive, contentsOf(report));
    if (users.every((type) => examined.includes(type))) {
      await rereadArchive(session, ending, findings);
      return { report, findings };
    }
    examined = [...new Set([...examined, ...users])];
  }
}

async function rereadArchive(session: Session, ending: Ending, findings: Findings): Promise<void> {
  const source = await session.source();
  const { report } = await source.read({ see: findings.seeArchived });
  if (report.sha256 === ending.attempt.sha256) {
    requireDecodable(session, ending, report, "the archive");
    return;
  }
  const message = `${source.location} is not the archive that was sent, so records cannot be compared`;
  throw unconfirmed(ending, session.request, message);
}
