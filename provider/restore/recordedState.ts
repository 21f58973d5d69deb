/**
 * The state before a restore that another process has begun, read from its safety snapshot. A receipt can be forged, and says
 * of the state before whatever makes an unchanged cluster look restored.
 */

import type { ArchiveReport } from "../archive/reader";
import { identityOfServers } from "../consul/clusterIdentity";
import { isCode, SnapshotError } from "../errors";
import { shareServer } from "../serverId";
import { parseSource } from "../store/location";
import { argumentName } from "./argumentName";
import { type Attempt, contentsOf, type SnapshotContents } from "./attempt";
import type { Session } from "./session";
import { Source } from "./source";

/** Why the state before is unknown: a clause, and what to do. */
interface Unknown {
  readonly unknown: string;
  readonly hint: string;
  readonly cause?: unknown;
}

/**
 * @param attempt - of a receipt, with the places that the request names
 * @param archive - the archive that the request names
 * @throws SnapshotError `INTERRUPTED`
 */
export async function readRecordedState(
  attempt: Attempt,
  archive: ArchiveReport,
  session: Session,
): Promise<{ readonly contents: SnapshotContents } | Unknown> {
  const { safetySnapshot: location } = attempt;
  const { request, reporter } = session;
  const argument = argumentName(request.connection, "safetySnapshot.target");
  if (location === undefined) {
    return {
      unknown: "its safety snapshot is not at the place of this request",
      hint: `Use the ${argument} with which the run was begun.`,
    };
  }
  reporter.status({ phase: "readingStateBefore" });
  try {
    const place = parseSource(location);
    const source = await Source.open(place, await session.storeAt(place), request.decryption, reporter.signal);
    const { report } = await source.read();
    const contents = contentsOf(report);
    const isOfCluster = ({ meta }: ArchiveReport): boolean =>
      shareServer(identityOfServers(meta.servers).serverIds, attempt.serverIds);
    // Raft indexes only grow, also by a restore. So what is older than the archive is not the state before its restore.
    const isOlder = isOfCluster(archive) && report.meta.index < archive.meta.index;
    if (contents.snapshotId === attempt.before.snapshotId && isOfCluster(report) && !isOlder) return { contents };
    return { unknown: `${location} is not its safety snapshot`, hint: "Find out who wrote it." };
  } catch (error) {
    if (!(error instanceof SnapshotError) || isCode(error, "INTERRUPTED")) throw error;
    return {
      unknown: `its safety snapshot ${location} cannot be read: ${error.message}`,
      hint: error.hint,
      cause: error,
    };
  }
}
