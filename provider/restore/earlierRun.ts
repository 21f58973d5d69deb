/** Whether a run has begun before: then it is read back, and nothing is restored again. */

import { compareClusters, type ClusterIdentity, identityOfServers } from "../consul/clusterIdentity";
import { isCode, SnapshotError } from "../errors";
import { shareServer } from "../serverId";
import { argumentName } from "./argumentName";
import { readCluster } from "./currentState";
import { refused, type NothingRestored } from "./guards";
import { tokenOfArchive } from "./outcomes";
import { bestOf, type Receipt } from "./receipt";
import type { PlaceFailure } from "./receipts";
import { type RestoreRequest, Unidentified } from "./request";
import { withoutForeignPlaces, withRequestedPlaces } from "./requestedPlaces";
import type { Session } from "./session";

/**
 * Looks for the receipt of the run on this cluster: another cluster may have a run of the same id.
 *
 * @returns the receipt, if there is one, and the cluster that was met
 * @throws SnapshotError `STORE_*`, `CONSUL_*`, `RESTORE_REFUSED`; Unidentified where it is unknown which cluster this is
 */
export async function findEarlierRun(
  session: Session,
): Promise<{ readonly earlier?: Receipt; readonly identity: ClusterIdentity }> {
  const candidates = await findReceipts(session);
  if (candidates.length === 0) return { identity: await session.client.identity() };
  const identity = await identifyAfterRestore(session).catch((error: unknown) => {
    throw unidentified(error, candidates, session);
  });
  const earlier = receiptOf(candidates, identity);
  return earlier === undefined ? { identity } : { identity, earlier: await withRequestedPlaces(earlier, session) };
}

/**
 * The receipt of a run that was found before. It is looked for without asking Consul, because that is repeated.
 *
 * @param cluster - the servers of the run
 * @throws SnapshotError `STORE_*`, `RESTORE_REFUSED`, `INTERRUPTED`
 */
export async function findReceiptAgain(
  session: Session,
  cluster: Pick<ClusterIdentity, "serverIds">,
): Promise<Receipt | undefined> {
  return receiptOf(await findReceipts(session), cluster);
}

/** For all clusters. */
function findReceipts({ request, receipts, reporter }: Session): Promise<Receipt[]> {
  const unable: PlaceFailure = (error, isFirst) => {
    // The place beside the archive is only an additional one: it may be one that may be read and not listed.
    if (isFirst && !request.allow.includes("noReceipt")) throw noReceipt("looked for", error, request);
  };
  return receipts.find(request.runId, unable, reporter.signal);
}

function receiptOf(
  receipts: readonly Receipt[],
  { serverIds }: Pick<ClusterIdentity, "serverIds">,
): Receipt | undefined {
  return bestOf(receipts.filter(({ attempt }) => shareServer(attempt.serverIds, serverIds)));
}

/** Also of a cluster that was restored already, and of one whose servers' ids the token may not read. */
async function identifyAfterRestore(session: Session): Promise<ClusterIdentity> {
  const client = await session.knownClient();
  const identity = await client.identity();
  if (identity.serverIds.length > 0) return identity;
  const inState = identityOfServers((await readCluster(client)).meta.servers);
  if (compareClusters(identity, inState) === "other") {
    throw refused("cluster", `more than one cluster answers at ${session.request.connection.url}`);
  }
  return inState;
}

/** The run has begun, here or on another cluster, and it is unknown which cluster this is. */
function unidentified(error: unknown, candidates: readonly Receipt[], { request }: Session): unknown {
  const found = bestOf(candidates)?.attempt;
  if (!(error instanceof SnapshotError) || found === undefined) return error;
  const candidate = withoutForeignPlaces(found, request);
  const begun = `a restore of ${argumentName(request.connection, "runId")} ${JSON.stringify(request.runId)} was begun at ${candidate.begunAt}`;
  const [code, message] = isCode(error, "INTERRUPTED")
    ? ([error.code, `${begun}, and reading back its result was interrupted: nothing was sent now`] as const)
    : ([
        "RESTORE_UNCONFIRMED",
        `${begun}, and it is unknown whether Consul at ${request.connection.url} is that cluster: ${error.message}`,
      ] as const);
  const hint = isCode(error, "CONSUL_DENIED")
    ? tokenOfArchive(request)
    : `Nothing was sent now. Its receipt is ${candidate.receipt ?? "gone"}.`;
  return new Unidentified(new SnapshotError(code, message, hint, error), candidate);
}

/** The refusal where nothing could prevent that a restore is done twice. */
export function noReceipt(
  what: "looked for" | "written",
  error: SnapshotError,
  { connection: { vocabulary } }: Pick<RestoreRequest, "connection">,
): NothingRestored {
  const allow = vocabulary.assignment("allow", ["noReceipt"]);
  return refused(
    "noReceipt",
    `the receipt, which prevents a second restore of the same run, cannot be ${what}: ${error.message}`,
    { cause: error, hint: allow === undefined ? error.hint : `${error.hint} ${allow} restores without one.` },
  );
}
