/**
 * The first half of a restore: the archive is verified, the cluster surveyed, the guards judged. Nothing is changed. The
 * result is what a plan shows, and what `execute` carries out.
 */

import type { ArchiveReport } from "../archive/reader";
import { factsOf, isManifestOf } from "../catalog/archiveFacts";
import type { ArchiveFacts, RecordCount } from "../catalog/manifest";
import type { ReadArchive } from "../catalog/storedArchive";
import { compact } from "../compact";
import { type ClusterIdentity, compareClusters, compareNodes, identityOfServers } from "../consul/clusterIdentity";
import type { SnapshotError } from "../errors";
import { throttled } from "../progressInterval";
import { formatLocation } from "../store/location";
import { type ClusterObservation, observeCluster, type ObservationLimits } from "./clusterObservation";
import { type CurrentState, readCurrentState } from "./currentState";
import { EarlyStateBefore, isNearlyVerified } from "./earlyStateBefore";
import { findEarlierRun } from "./earlierRun";
import { type GuardFacts, isRequestedCluster, type TimeFacts, versionsOf } from "./guardChecks";
import { evaluateGuards, type Guard, refusalOf, refuseExpired, verdict } from "./guards";
import type { Receipt } from "./receipt";
import { requireSameCluster, requireStateOf } from "./sameCluster";
import type { Session } from "./session";
import type { Source } from "./source";

/** How a cluster is observed by default: an election takes a second or two. */
export const OBSERVATION: ObservationLimits = { stableMs: 3000, limitMs: 20_000 };

/** A restore that is ready to be executed, or refused. */
export interface Preparation {
  readonly archive: ArchiveFacts;
  /** Of the verified archive. */
  readonly report: ArchiveReport;
  readonly cluster: {
    /** Free of secrets. */
    readonly address: string;
    readonly datacenter?: string;
    readonly consulVersion?: string;
    readonly identity: ClusterIdentity;
    /** Raft index and contents, where the current state was read. */
    readonly index?: number;
    readonly contents?: readonly RecordCount[];
  };
  readonly guards: readonly Guard[];
  /** Why it would not be restored, if it would not. */
  readonly refusal?: SnapshotError;
  /** If requested. */
  readonly stateBefore?: EarlyStateBefore;
}

export interface PrepareOptions {
  /** Read what the cluster holds now, to show it. Default: false, because `execute` reads it. */
  readonly readState?: boolean;
  /**
   * Begin the safety snapshot while the archive is verified, because `execute` follows without a question. Default: false.
   */
  readonly saveState?: boolean;
}

/**
 * Reads the archive from its first byte to its last, and surveys the cluster.
 *
 * @returns the earlier run where this run has begun before: then it is to be adopted
 * @throws SnapshotError when the archive is invalid or cannot be read, the cluster cannot be asked, or the time to begin is
 *   over; Unidentified when this run has begun, and it is unknown whether that was on this cluster
 */
export async function prepare(
  session: Session,
  options: PrepareOptions = {},
): Promise<Preparation | { readonly earlier: Receipt }> {
  const { identity, earlier } = await findEarlierRun(session);
  if (earlier !== undefined) {
    requireRequestedCluster(session, identity);
    return { earlier };
  }
  if (options.readState !== true) refuseExpired(timeFacts(session));
  const source = await session.source();
  const stateBefore = options.saveState === true ? new EarlyStateBefore(session) : undefined;
  const { read, cluster } = await verifyAndSurvey(source, session, identity, stateBefore);
  // Without `operator = "read"`, only the state itself says who the servers are; with `acl = "write"` alone, also which Consul
  // they run.
  const findVersions = versionsOf(cluster).length === 0;
  const readState = options.readState === true || findVersions || cluster.identity.serverIds.length === 0;
  const current =
    readState && cluster.observation.leader !== undefined
      ? await readCurrentState(session.client, session.reporter, findVersions)
      : undefined;
  const prepared = describe(session, source, read, completed(cluster, current), current);
  return compact({ ...prepared, stateBefore });
}

/** @throws SnapshotError `RESTORE_REFUSED` where the run has begun on another cluster than the request asks for */
function requireRequestedCluster({ request: { cluster, connection } }: Session, identity: ClusterIdentity): void {
  const { vocabulary, url: address } = connection;
  const finding = isRequestedCluster(compact({ vocabulary, clusterServer: cluster, cluster: { address, identity } }));
  const refusal = finding && refusalOf([verdict("cluster", finding)], vocabulary);
  if (refusal !== undefined) throw refusal;
}

/** The time by this machine's clock and by that of Consul. */
export function timeFacts({ client, request }: Session): TimeFacts {
  const { vocabulary } = request.connection;
  return compact({ vocabulary, now: new Date(), consulNow: client.serverTime, validUntil: request.validUntil });
}

/** Observing a cluster is mostly waiting, so the archive is verified at the same time. Its failure is reported first. */
async function verifyAndSurvey(
  source: Source,
  session: Session,
  met: ClusterIdentity,
  stateBefore: EarlyStateBefore | undefined,
): Promise<{ readonly read: ReadArchive; readonly cluster: Surveyed }> {
  const stopping = new AbortController();
  const verification = { begun: performance.now(), received: 0, isOver: false };
  let found: Surveyed | undefined;
  const saveEarly = (): void => {
    if (verification.isOver || found?.observation.leader === undefined) return;
    const elapsed = performance.now() - verification.begun;
    if (isNearlyVerified(verification.received, source.object.size, elapsed)) stateBefore?.begin(found.identity);
  };
  const surveying = survey(session, met, AbortSignal.any([session.reporter.signal, stopping.signal]));
  surveying.then(
    (cluster) => {
      found = cluster;
      saveEarly();
    },
    // Awaited below. If the archive is invalid, nothing awaits the survey.
    () => undefined,
  );
  try {
    const read = await verify(source, session, (received) => {
      verification.received = received;
      saveEarly();
    });
    verification.isOver = true;
    session.reporter.status({ phase: "observingCluster" });
    return { read, cluster: await surveying };
  } catch (error) {
    verification.isOver = true;
    stopping.abort(error);
    throw error;
  }
}

async function verify(
  source: Source,
  { reporter }: Session,
  onReceived: (received: number) => void,
): Promise<ReadArchive> {
  const show = throttled((event) => reporter.status(event));
  let received = 0;
  return source.read({
    received: (bytes) => {
      received += bytes;
      onReceived(received);
      show(() => ({ phase: "verifyingArchive", done: received, total: source.object.size }));
    },
  });
}

type Surveyed = GuardFacts["cluster"];

async function survey(
  { client, request, limits }: Session,
  met: ClusterIdentity,
  signal: AbortSignal,
): Promise<Surveyed> {
  const address = request.connection.url;
  const { serverIds: nodeIds = [], ...about } = await client.agent();
  const observation = await observeCluster(client, limits.observation ?? OBSERVATION, signal);
  const found = await client.identity();
  if (isKnown(met)) requireSameCluster(met, found, address, "while it is observed");
  requireSameAsHealth(found, observation, address);
  // The version that the guards judge by may have come over another connection, too.
  if (compareNodes(found, nodeIds) === "other") {
    requireSameCluster(found, { serverIds: nodeIds, serverAddresses: [] }, address, "while it is observed");
  }
  const identity = compact({ ...found, datacenter: about.datacenter });
  return { ...about, address, identity, observation };
}

/** What the state adds that the token may not ask for: who the servers are, and which Consul each of them runs. */
function completed(cluster: Surveyed, current: CurrentState | { readonly error: SnapshotError } | undefined): Surveyed {
  if (current === undefined || !("report" in current)) return cluster;
  const inState = identityOfServers(current.report.meta.servers);
  if (compareClusters(cluster.identity, inState) === "unknown") return cluster;
  requireStateOf(cluster.identity, current.report.meta, cluster.address);
  const identity = cluster.identity.serverIds.length > 0 ? cluster.identity : { ...cluster.identity, ...inState };
  if (versionsOf(cluster).length > 0) return { ...cluster, identity };
  const [version, ...others] = current.versions;
  const consulVersion = others.length === 0 ? version : undefined;
  return compact({ ...cluster, identity, consulVersion, registeredVersions: current.versions });
}

/** Autopilot may have been asked on another connection. */
function requireSameAsHealth(identity: ClusterIdentity, { health }: ClusterObservation, address: string): void {
  if (typeof health !== "object" || identity.serverIds.length === 0) return;
  // Its addresses come from gossip, and can be written in another form.
  const { serverIds } = identityOfServers(health.servers);
  requireSameCluster(identity, { serverIds, serverAddresses: [] }, address, "while it is observed");
}

function isKnown({ serverIds, serverAddresses }: ClusterIdentity): boolean {
  return serverIds.length + serverAddresses.length > 0;
}

function describe(
  session: Session,
  source: Source,
  { report, encrypted }: ReadArchive,
  cluster: Surveyed,
  current: GuardFacts["current"],
): Preparation {
  const { request } = session;
  const { manifest, object, location } = source;
  // What a manifest says about another archive says nothing about this one.
  const own = manifest !== undefined && isManifestOf(manifest, report, object.size) ? manifest : undefined;
  const { safetySnapshot, sha256, allow } = request;
  const guards = [
    ...evaluateGuards(
      {
        ...timeFacts(session),
        ...compact({ sha256, clusterServer: request.cluster, current, manifest }),
        report,
        storedSize: object.size,
        cluster,
        safetySnapshot:
          safetySnapshot === "undecided" ? undefined : safetySnapshot && formatLocation(safetySnapshot.target),
      },
      allow,
    ),
    verdict("receipt", { ok: true, message: "this run has not begun before" }),
  ];
  const { address, datacenter, consulVersion, identity } = cluster;
  const state = current !== undefined && "report" in current ? current.report : undefined;
  return compact({
    archive: compact({
      ...factsOf(report, location, encrypted),
      datacenter: own?.datacenter,
      consulVersion: own?.consulVersion,
    }),
    report,
    cluster: compact({
      address,
      datacenter,
      consulVersion,
      identity,
      index: state?.meta.index,
      contents: state && factsOf(state, "").contents,
    }),
    guards,
    refusal: refusalOf(guards, request.connection.vocabulary),
  });
}
