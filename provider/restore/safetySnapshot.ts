/** The state before a restore: saved if requested, otherwise at least read. Both prove the token's permission. */

import { compact } from "../compact";
import type { ConsulClient } from "../consul/client";
import { type ClusterIdentity, identityOfServers } from "../consul/clusterIdentity";
import { isCode, SnapshotError } from "../errors";
import { saveBetween } from "../save/save";
import { type SnapshotContents, contentsOf, contentsOfFacts } from "./attempt";
import { readCurrentState } from "./currentState";
import { refused } from "./guards";
import { requireSameCluster } from "./sameCluster";
import type { Reporter } from "./request";
import type { Session } from "./session";
import { remark } from "../text";

export interface StateBefore {
  readonly contents: SnapshotContents;
  readonly identity: ClusterIdentity;
  /** Where it is saved, if so. */
  readonly location?: string;
}

/** What differs if the state is saved while other steps of the restore run. */
interface Saving {
  readonly client: ConsulClient;
  readonly reporter: Reporter;
  /** As in `SaveRequest`. */
  readonly visibleAfter?: Promise<void>;
}

/**
 * @param expected - the cluster that was surveyed
 * @param saving - default: the session's client and reporter
 * @throws SnapshotError `RESTORE_REFUSED`, also if another cluster answers; `INTERRUPTED`
 */
export async function saveStateBefore(
  session: Session,
  expected: ClusterIdentity,
  saving: Saving = session,
): Promise<StateBefore> {
  const before = await readOrSave(session, saving);
  const { url } = session.request.connection;
  requireSameCluster(expected, before.identity, url, "to the request for the current state");
  const { marks } = expected;
  return { ...before, identity: compact({ ...before.identity, marks }) };
}

async function readOrSave(session: Session, { client, reporter, visibleAfter }: Saving): Promise<StateBefore> {
  const { safetySnapshot, connection, owner } = session.request;
  if (safetySnapshot === false) {
    const current = await readCurrentState(client, reporter);
    if ("error" in current) {
      throw refused("permission", `the cluster cannot be read: ${current.error.message}`, { cause: current.error });
    }
    const { report } = current;
    return { contents: contentsOf(report), identity: identityOfServers(report.meta.servers) };
  }
  // Such a request is only valid for a plan.
  if (safetySnapshot === "undecided") throw refused("safetySnapshot", "no place for the safety snapshot is specified");
  try {
    const store = await session.storeAt(safetySnapshot.target);
    const { manifest } = await saveBetween(
      { client, store },
      compact({
        connection,
        consistency: "consistent",
        target: safetySnapshot.target,
        overwrite: false,
        recipients: safetySnapshot.recipients,
        purpose: "safety",
        owner,
        visibleAfter,
      }),
      reporter,
    );
    reporter.info(remark`the current state was saved: ${manifest.location}`);
    return {
      contents: contentsOfFacts(manifest),
      identity: identityOfServers(manifest.servers),
      location: manifest.location,
    };
  } catch (error) {
    if (!(error instanceof SnapshotError) || isCode(error, "INTERRUPTED")) throw error;
    throw refused("safetySnapshot", `the safety snapshot failed: ${error.message}`, { cause: error });
  }
}
