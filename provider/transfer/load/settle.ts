/**
 * Finds out what became of a restore: waits for the cluster to come to rest, reads it, keeps nothing, and compares.
 * It changes nothing, and may be done as often as is wanted.
 */

import type { ArchiveReport } from "../../archive/reader";
import type { ConsulClient } from "../../consul/client";
import { SnapshotError } from "../../errors";
import { parseLocation } from "../../store/location";
import { factsOf } from "../facts";
import { type Attempt, holdingOf } from "./attempt";
import { clientFor, knownClient } from "./clients";
import { pause, readCluster, untilCaughtUp } from "./cluster";
import { differingTypes, Findings, inWords, type Restoration, writtenByServers } from "./proof";
import { rescue } from "./rescue";
import { Source } from "./source";
import type { Patience } from "./patience";
import { type Difference, type Reporter, type Restored, type RestoreRequest, Unsettled } from "./request";

const LEADER_MS = 120_000;
const AGAIN_MS = 1000;
/** Consul remembers for 15 minutes which keys were deleted. */
const REMEMBERED_MS = 14 * 60_000;

export interface Settling {
  readonly attempt: Attempt;
  readonly request: RestoreRequest;
  readonly patience: Patience;
  /** Whether Consul said that the restore is done; why it did not say so, if that is known. */
  readonly answer: "accepted" | SnapshotError | "unknown";
  /** Whether the server may have all of the archive: it may then still be restoring it, without anyone to tell. */
  readonly sentAll: boolean;
}

/**
 * @throws Unsettled `RESTORE_UNCONFIRMED`, `RESTORE_WRONG`, or what keeps the cluster from being read
 */
export async function settle(settling: Settling, reporter: Reporter): Promise<Restored> {
  const { attempt, request } = settling;
  try {
    await untilAtRest(settling, reporter);
    const client = await knownClient(request, reporter);
    try {
      const restored = await readUntilSure(settling, client, reporter);
      if (settling.answer instanceof SnapshotError) {
        reporter.warn(
          `the cluster holds what the archive does, though Consul did not say so: ${settling.answer.message}`,
        );
      }
      return restored;
    } finally {
      await client.close();
    }
  } catch (error) {
    if (error instanceof Unsettled) throw error;
    throw new Unsettled(explainUnread(settling, error), attempt);
  }
}

async function untilAtRest(settling: Settling, reporter: Reporter): Promise<void> {
  const { connection } = settling.request;
  const client = clientFor(connection, reporter);
  try {
    reporter.status("waiting for the cluster to come to rest");
    if ((await untilCaughtUp(client, 0, settling.patience.leaderMs ?? LEADER_MS, reporter.signal)) !== "no") return;
    throw unconfirmed(settling, `Consul at ${connection.url} has not come to rest`);
  } finally {
    await client.close();
  }
}

async function readUntilSure(settling: Settling, client: ConsulClient, reporter: Reporter): Promise<Restored> {
  const { attempt, answer, patience } = settling;
  const watchMs = settling.sentAll ? (patience.settleMs ?? 20_000 + attempt.archiveSize / 4000) : AGAIN_MS;
  const deadline = Date.now() + watchMs;
  // A restore takes an index above all that there were; whether there was one, only the cluster tells if Consul did not.
  let voters = answer === "accepted" ? await votersUpTo(restorationOf(attempt).index + 1) : undefined;
  for (;;) {
    reporter.status("reading the cluster back");
    const report = await readCluster(client);
    if (!report.meta.servers.some(({ id }) => attempt.serverIds.includes(id))) {
      throw unconfirmed(settling, `Consul at ${settling.request.connection.url} is another cluster than was restored`);
    }
    const found = holdingOf(report);
    const { users, servers } = differingTypes(attempt.archive, found);
    const before = differingTypes(attempt.before, found);
    const isAsBefore = before.users.length === 0;
    // Where users had changed nothing, only what servers write can tell one from the other.
    const isEither = users.length === 0 && isAsBefore && answer !== "accepted" && servers.length > 0;
    const isAsInArchive = users.length === 0 && !isEither;
    if (voters === undefined && (isAsInArchive || !isAsBefore)) {
      voters = await votersUpTo(report.meta.index);
      continue;
    }
    if (isAsInArchive) {
      sayOfVoters(settling, voters, reporter);
      return restored(settling, report, writtenByServers(servers, attempt.archive, found));
    }
    if (isEither && before.servers.length > 0) {
      throw unconfirmed(settling, "what users write was the same before, and servers have written since");
    }
    if (!isAsBefore) {
      const closer = await lookCloser(settling, client, users, reporter);
      sayOfVoters(settling, voters, reporter);
      return closer;
    }
    if (answer === "accepted") {
      throw wrong(settling, "Consul said that it has restored the archive, but holds what it held before");
    }
    if (Date.now() > deadline) throw asBefore(settling);
    reporter.status("the cluster is as it was before; watching whether it stays so");
    await pause(AGAIN_MS, reporter.signal);
  }

  function votersUpTo(index: number): ReturnType<typeof untilCaughtUp> {
    reporter.status("waiting for all voters to have the restored state");
    return untilCaughtUp(client, index, patience.leaderMs ?? LEADER_MS, reporter.signal);
  }
}

/** A voter that is late gets the state from the leader, so nothing is wrong with the restore. */
function sayOfVoters(
  { request: { connection } }: Settling,
  voters: "yes" | "unchecked" | "no" | undefined,
  reporter: Reporter,
): void {
  if (voters === "no") {
    reporter.warn(
      `not all voters of Consul at ${connection.url} had caught up when it was read: see consul operator raft list-peers`,
    );
  }
  if (voters === "unchecked") {
    reporter.info("whether all voters have the restored state is unchecked: the token may not read it (operator:read)");
  }
}

/** Records were written since, or something is wrong: each record tells which. */
async function lookCloser(
  settling: Settling,
  client: ConsulClient,
  types: readonly string[],
  reporter: Reporter,
): Promise<Restored> {
  const { attempt, answer } = settling;
  reporter.status("comparing records with the archive");
  const { report, findings } = await findDiffering(client, attempt, types);
  await rereadArchive(settling, attempt.source, attempt.sha256, findings, reporter);
  const found = holdingOf(report);
  const now = differingTypes(attempt.archive, found);
  const explained = now.users.map((type) => ({ type, ...findings.explain(type) }));
  const differences = explained.flatMap(({ type, ...explanation }) =>
    inWords(type, explanation, attempt.archive, found),
  );
  if (explained.every(({ isExplained }) => isExplained)) {
    return restored(settling, report, [...differences, ...writtenByServers(now.servers, attempt.archive, found)]);
  }
  const what = differences.map(({ type, reason }) => `${type}: ${reason}`).join("; ");
  if (answer === "accepted") throw wrong(settling, `the cluster does not hold what the archive does (${what})`);
  throw unconfirmed(settling, `the cluster is neither as before nor as in the archive (${what})`);
}

/** Reads the cluster until all types that differ were looked at: another may have begun to differ in between. */
async function findDiffering(
  client: ConsulClient,
  attempt: Attempt,
  types: readonly string[],
): Promise<{ report: ArchiveReport; findings: Findings }> {
  for (let examined = types; ; ) {
    const findings = new Findings(examined, restorationOf(attempt));
    const report = await readCluster(client, findings.see);
    const { users } = differingTypes(attempt.archive, holdingOf(report));
    if (users.every((type) => examined.includes(type))) return { report, findings };
    examined = [...new Set([...examined, ...users])];
  }
}

function restorationOf({ archive, before, begunAt }: Attempt): Restoration {
  return {
    index: Math.max(archive.index, before.index),
    isLongAgo: Date.now() - Date.parse(begunAt) > REMEMBERED_MS,
  };
}

async function rereadArchive(
  settling: Settling,
  location: string,
  sha256: string,
  findings: Findings,
  reporter: Reporter,
): Promise<void> {
  const source = await Source.open(parseLocation(location), settling.request.decryption, reporter.signal);
  try {
    const { report } = await source.read({ see: findings.seeArchived });
    if (report.sha256 !== sha256) {
      throw unconfirmed(settling, `${location} is no longer the archive that was sent, so records cannot be compared`);
    }
  } finally {
    source.close();
  }
}

function restored({ attempt }: Settling, report: ArchiveReport, differences: readonly Difference[]): Restored {
  const { servers, contents } = factsOf(report, attempt.source);
  return {
    outcome: differences.length === 0 ? "exact" : "drift",
    restoredAt: attempt.begunAt,
    restoredIndex: report.meta.index,
    snapshotId: attempt.archive.snapshotId,
    ...(attempt.safetySnapshot === undefined ? {} : { safetySnapshot: attempt.safetySnapshot }),
    ...(attempt.receipt === undefined ? {} : { receipt: attempt.receipt }),
    servers,
    contents,
    differences,
    adopted: false,
  };
}

function asBefore(settling: Settling): Unsettled {
  const { answer, attempt } = settling;
  return answer === "unknown"
    ? unsettled(
        settling,
        "RESTORE_UNCONFIRMED",
        `a restore of runId "${attempt.runId}" was begun at ${attempt.begunAt}, and the cluster is as it was before`,
        `If the run that began it is still going, let it end first. Else choose another runId: nothing is sent twice. ${lookAt(settling)}`,
      )
    : unsettled(
        settling,
        "RESTORE_UNCONFIRMED",
        `nothing was restored: the cluster is as it was before${because(settling)}`,
        `Choose another runId to try again: nothing is sent twice. ${lookAt(settling)}`,
      );
}

function unconfirmed(settling: Settling, what: string): Unsettled {
  return unsettled(
    settling,
    "RESTORE_UNCONFIRMED",
    `it is not known whether the restore was done: ${what}${because(settling)}`,
    lookAt(settling),
  );
}

function wrong(settling: Settling, what: string): Unsettled {
  return unsettled(settling, "RESTORE_WRONG", `the restore went wrong: ${what}`, lookAt(settling));
}

function unsettled(
  { attempt }: Settling,
  code: "RESTORE_UNCONFIRMED" | "RESTORE_WRONG",
  message: string,
  hint: string,
): Unsettled {
  return new Unsettled(new SnapshotError(code, message, hint.trim()), attempt);
}

function because({ answer }: Settling): string {
  return answer instanceof SnapshotError ? `: ${answer.message}` : "";
}

/** What there is for whoever must go on from here. */
function lookAt({ attempt: { safetySnapshot }, request }: Settling): string {
  if (safetySnapshot === undefined) return "Look at the log of the leader; there is no safety snapshot.";
  return `Look at the log of the leader. What was there before is in ${safetySnapshot}: ${rescue(safetySnapshot, request)}`;
}

/** Why the cluster cannot be read: it may be restored well. */
function explainUnread(settling: Settling, error: unknown): SnapshotError {
  const code = error instanceof SnapshotError ? error.code : undefined;
  if (code === "INTERRUPTED") {
    return new SnapshotError("INTERRUPTED", interruptedWhen(settling), lookAt(settling), error);
  }
  const isDenied = code === "CONSUL_DENIED";
  const why = isDenied
    ? `the restored cluster does not know the token${settling.request.tokenAfterRestore === undefined ? "" : " of tokenAfterRestore"}, so it cannot be read back`
    : `the cluster cannot be read back: ${error instanceof Error ? error.message : String(error)}`;
  const hint = isDenied
    ? "Tokens are part of what was restored: give one of the archive's cluster, as tokenAfterRestore or with --token-after-restore-file."
    : lookAt(settling);
  return new SnapshotError("RESTORE_UNCONFIRMED", `the restore was begun, and ${why}`, hint, error);
}

/** What was sent by then. */
function interruptedWhen({ answer, sentAll }: Settling): string {
  if (answer === "unknown") return "reading the cluster back was interrupted: nothing was sent now";
  if (answer === "accepted") return "the restore was interrupted after Consul had done it, before that was proved";
  return `the restore was interrupted when ${sentAll ? "all" : "a part"} of the archive had been sent`;
}
