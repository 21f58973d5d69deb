/**
 * Determines the result of a restore by comparing the contents of the cluster with those of the archive and those
 * before the restore, and words the messages. Pure: no I/O.
 */

import { factsOf } from "../catalog/archiveFacts";
import type { ArchiveReport } from "../archive/reader";
import { compact } from "../compact";
import { isCode, SnapshotError } from "../errors";
import { argumentName } from "./argumentName";
import type { Attempt, SnapshotContents } from "./attempt";
import { differingTypes, type Explanation, mayHaveSameContent, type Restoration } from "./proof";
import { type Difference, type Restored, type RestoreRequest, Unchanged, Unsettled } from "./request";
import { seconds } from "../units";
import { rescueCommand } from "./rescueCommand";
import { isServerId } from "../serverId";

/** Consul keeps tombstones of deleted keys for 15 minutes. */
const REMEMBERED_MS = 14 * 60_000;

export interface Ending {
  readonly attempt: Attempt;
  /** Whether Consul confirmed the restore; the error if it did not and the reason is known. */
  readonly answer: "accepted" | SnapshotError | "unknown";
  /**
   * Whether the server may have received the whole archive. If so, it may still be restoring it, even if the connection
   * is closed.
   */
  readonly sentAll: boolean;
  /** Whether Consul, or what is before it, refused the request. Default: false. */
  readonly isRefused?: boolean;
  /** See `Restored`. */
  readonly unsavedChanges?: number;
}

/** The conclusion from the digests of all types. */
export type Judgement =
  /** The users' records are those of the archive; these types, written by servers, differ. */
  | { readonly holds: "archive"; readonly servers: readonly string[] }
  /**
   * The users' records are those from before, and Consul did not confirm the restore. The archive may still have the
   * same content if its records of the `unlessSame` types do, which only a comparison of the records can show.
   */
  | { readonly holds: "before"; readonly unlessSame: readonly string[] }
  /** The users' records are the same in the archive and before the restore, and nothing else distinguishes the two. */
  | { readonly holds: "either" }
  /** Neither: the records of these types must be compared one by one. */
  | { readonly holds: "other"; readonly users: readonly string[] };

export function judge({ attempt, answer, isRefused = false }: Ending, found: SnapshotContents): Judgement {
  const { users, servers } = differingTypes(attempt.archive, found);
  const before = differingTypes(attempt.before, found);
  const isAsBefore = before.users.length === 0;
  // If the archive is what the cluster held, a refusal is believed.
  if (isRefused && isAsBefore && users.length + servers.length === 0) return { holds: "before", unlessSame: [] };
  // If users had changed nothing, only records written by servers distinguish the two.
  const isEither = users.length === 0 && isAsBefore && answer !== "accepted" && servers.length > 0;
  if (users.length === 0 && !isEither) return { holds: "archive", servers };
  if (isEither && before.servers.length > 0) return { holds: "either" };
  // Servers recompute some fields after a restore, which can make records equal to those from before. So if Consul
  // confirmed the restore, compare record by record.
  if (!isAsBefore || answer === "accepted") return { holds: "other", users };
  // If the servers' records are those from before and not those of the archive, the archive was not restored.
  const isCertain = servers.length > 0 && before.servers.length === 0;
  const maySame = !isCertain && users.every((type) => mayHaveSameContent(type, attempt.archive, found));
  return { holds: "before", unlessSame: maySame ? users : [] };
}

/**
 * Whether the cluster would have the same contents without the restore: all differences from the archive were written
 * since, the users' records were the same before, and Consul did not confirm the restore.
 *
 * @param explained - the users' types that differ, each fully explained
 */
export function provesNothing(
  { attempt, answer }: Ending,
  found: SnapshotContents,
  explained: readonly ({ readonly type: string } & Explanation)[],
): boolean {
  if (answer === "accepted" || differingTypes(attempt.archive, found).servers.length === 0) return false;
  const changed = differingTypes(attempt.before, found).users;
  return differingTypes(attempt.archive, attempt.before).users.every((type) => {
    const explanation = explained.find((one) => one.type === type);
    return !changed.includes(type) && explanation?.missing === 0 && explanation.newer === 0;
  });
}

/** @param what - the differences */
export function contradiction({ attempt }: Ending, found: SnapshotContents, what: string): string {
  const isAsBefore = differingTypes(attempt.before, found).users.length === 0;
  return isAsBefore
    ? `Consul confirmed the restore, but holds what it held before (${what})`
    : `the cluster does not hold what the archive holds (${what})`;
}

export function restorationOf({ archive, before, begunAt }: Attempt): Restoration {
  return {
    index: Math.max(archive.index, before.index),
    isLongAgo: Date.now() - Date.parse(begunAt) > REMEMBERED_MS,
  };
}

/** @throws Unsettled `RESTORE_UNCONFIRMED` if drift is a failure */
export function restoredAs(
  ending: Ending,
  request: RestoreRequest,
  report: ArchiveReport,
  differences: readonly Difference[],
): Restored {
  const { attempt, unsavedChanges } = ending;
  const { servers, contents } = factsOf(report, attempt.source);
  if (request.strict === true && differences.length > 0) {
    const strict = argumentName(request.connection, "strict");
    throw unsettled(
      ending,
      "RESTORE_UNCONFIRMED",
      `the cluster is not exactly as in the archive, which ${strict} requires: ${listDifferences(differences)}`,
      `Without ${strict} this is the outcome drift: each difference can be explained by writes after the restore. ${nextSteps(ending, request)}`,
    );
  }
  return compact({
    outcome: differences.length === 0 ? "exact" : "drift",
    restoredAt: attempt.begunAt,
    restoredIndex: report.meta.index,
    snapshotId: attempt.archive.snapshotId,
    safetySnapshot: attempt.safetySnapshot,
    unsavedChanges,
    receipt: attempt.receipt,
    servers,
    contents,
    differences,
    adopted: false,
  });
}

export function listDifferences(differences: readonly Difference[]): string {
  return differences.map(({ type, reason }) => `${type}: ${reason}`).join("; ");
}

export function stateAsBefore(ending: Ending, request: RestoreRequest): Unsettled {
  const { answer, attempt } = ending;
  const runId = argumentName(request.connection, "runId");
  return answer === "unknown"
    ? unsettled(
        ending,
        "RESTORE_UNCONFIRMED",
        `a restore of ${runId} "${attempt.runId}" was begun at ${attempt.begunAt}, and the cluster is as it was before`,
        `If the run that began it is still going, let it end first. Otherwise choose another ${runId}: nothing is sent twice. ${nextSteps(ending, request)}`,
      )
    : new Unchanged(
        new SnapshotError(
          "RESTORE_UNCONFIRMED",
          `nothing was restored: the cluster is as it was before${because(ending)}`,
          `Choose another ${runId} to try again: nothing is sent twice. ${nextSteps(ending, request)}`,
        ),
        attempt,
      );
}

/** @param what - why the result of the restore is unknown */
export function unconfirmed(ending: Ending, request: RestoreRequest, what: string): Unsettled {
  const message = `it is unknown whether the restore was done: ${what}${because(ending)}`;
  return unsettled(ending, "RESTORE_UNCONFIRMED", message, nextSteps(ending, request));
}

/** The error if a restored cluster and an unchanged one would look the same. */
export function indistinguishable(ending: Ending, request: RestoreRequest): Unsettled {
  return unconfirmed(ending, request, "before the restore, the cluster already held the same user data as the archive");
}

/** @param waitedMs - how long the cluster was observed */
export function unstable(ending: Ending, request: RestoreRequest, waitedMs: number): Unsettled {
  const what = `Consul at ${request.connection.url} answers, but has had no stable leader for ${seconds(waitedMs)}`;
  return unconfirmed(ending, request, what);
}

/**
 * The error if no server has answered since. A server that cannot restore an archive does not refuse it: it crashes,
 * and does not start with its Raft data again ("failed to load any existing snapshots"; tested with Consul 1.13.9 and
 * 1.14.11).
 *
 * @param silentMs - how long no server has answered
 */
export function silent(ending: Ending, request: RestoreRequest, silentMs: number): Unsettled {
  const { answer, attempt } = ending;
  const waited = `has not answered for ${seconds(silentMs)}`;
  if (answer === "unknown") return unconfirmed(ending, request, `Consul at ${request.connection.url} ${waited}`);
  const when = answer === "accepted" ? "after it confirmed the restore" : "while or after it received the archive";
  const message = `it is unknown whether the restore was done: Consul at ${request.connection.url} stopped answering ${when}, and ${waited}${because(ending)}`;
  const hint = `Look at the log of the server. If it contains "failed to restore snapshot", the server crashed on the archive: move the folder raft in its data_dir away, start it again, and roll back. Otherwise start it again, and repeat this run: it only reads the result. ${rollback(attempt, request)}`;
  return unsettled(ending, "RESTORE_UNCONFIRMED", message, hint);
}

export function wrong(ending: Ending, request: RestoreRequest, what: string): Unsettled {
  return unsettled(ending, "RESTORE_WRONG", `the restore went wrong: ${what}`, nextSteps(ending, request));
}

function unsettled(
  { attempt }: Ending,
  code: "RESTORE_UNCONFIRMED" | "RESTORE_WRONG",
  message: string,
  hint: string,
): Unsettled {
  return new Unsettled(new SnapshotError(code, message, hint.trim()), attempt);
}

function because({ answer }: Ending): string {
  return answer instanceof SnapshotError ? `: ${answer.message}` : "";
}

/** What an operator can do next. The content of a receipt, which others can forge, never becomes a command. */
function nextSteps({ attempt }: Ending, request: RestoreRequest): string {
  return `Look at the log of the leader. ${rollback(attempt, request)}`;
}

function rollback({ safetySnapshot, fromReceipt, receipt, serverIds }: Attempt, request: RestoreRequest): string {
  if (fromReceipt === true) return `The receipt ${receipt ?? ""} names the safety snapshot, if there is one.`;
  if (safetySnapshot === undefined) return "There is no safety snapshot.";
  return `The state before the restore is in ${safetySnapshot}: ${rescueCommand(safetySnapshot, request, serverIds.find(isServerId))}`;
}

/** What to do if the restored cluster does not know the token. */
export function tokenOfArchive({ connection }: Pick<RestoreRequest, "connection">): string {
  return `Tokens are part of what was restored: specify a token of the archive's cluster with ${argumentName(connection, "tokenAfterRestore")}.`;
}

/** The error if the cluster cannot be read back: the restore may still have succeeded. */
export function explainUnread(ending: Ending, request: RestoreRequest, error: unknown): SnapshotError {
  if (isCode(error, "INTERRUPTED")) {
    return new SnapshotError("INTERRUPTED", interruptedWhen(ending), nextSteps(ending, request), error);
  }
  const isDenied = isCode(error, "CONSUL_DENIED");
  const { answer } = ending;
  if (isDenied && isCode(answer, "CONSUL_DENIED")) {
    const token = argumentName(request.connection, "tokenAfterRestore");
    return new SnapshotError(
      "RESTORE_UNCONFIRMED",
      `it is unknown whether the restore was done: ${answer.message}; and the cluster cannot be read back: ${error.message}`,
      `${answer.hint} If the archive was restored, its tokens are in use: specify one of them with ${token}.`,
      error,
    );
  }
  const why = isDenied
    ? `the restored cluster does not know the token${request.tokenAfterRestore === undefined ? "" : ` of ${argumentName(request.connection, "tokenAfterRestore")}`}, so it cannot be read back`
    : `the cluster cannot be read back: ${error instanceof Error ? error.message : String(error)}`;
  const hint = isDenied ? tokenOfArchive(request) : nextSteps(ending, request);
  return new SnapshotError("RESTORE_UNCONFIRMED", `the restore was begun, and ${why}`, hint, error);
}

/** At which point the restore was interrupted. */
function interruptedWhen({ answer, sentAll }: Ending): string {
  if (answer === "unknown") return "reading the cluster back was interrupted: nothing was sent now";
  if (answer === "accepted") return "the restore was interrupted after Consul had done it, before that was proved";
  return `the restore was interrupted when ${sentAll ? "all" : "a part"} of the archive had been sent`;
}
