/** The part of Consul's HTTP API that snapshots need. Use one client per operation, and close it afterwards. */

import type { Dispatcher } from "undici";
import { compact } from "../compact";
import { isCode, SnapshotError } from "../errors";
import { type ClusterFacts, readAgent, readDatacenters, readLastLogIndex, readServersVersion } from "./agentFacts";
import { type ClusterIdentity, readMarks, readPeers, readRaftIdentity } from "./clusterIdentity";
import { cleanText, isPlainName } from "../text";
import type { Connection } from "./connection";
import { notASnapshot, tooStale } from "./failures";
import { type ClusterHealth, type HealthRefusal, readHealth } from "./health";
import { type Failure, nameDatacenters } from "./refusals";
import {
  type Answer,
  type Call,
  type Pace,
  type RequestProgress,
  Transport,
  type TransportOptions,
  type Upload,
} from "./transport";

export type { ClusterFacts } from "./agentFacts";
export type { ClusterHealth, HealthRefusal } from "./health";
export type { Pace, Upload } from "./transport";

/**
 * With `oneConnection`, all requests of the client use one connection, one after another. Once it has closed, every
 * further request fails with `CONSUL_UNREACHABLE` before anything is sent. A restore uses such a client to identify the
 * cluster and to send the archive, so that no load balancer can route the two to different clusters. Read the identity
 * just before the PUT: servers and proxies close idle connections.
 */
export type ClientOptions = TransportOptions;

export interface SnapshotRequest {
  /** `"consistent"`: only the leader responds; `"stale"`: any server may. */
  readonly consistency: "consistent" | "stale";
  /** Refuse a server that last heard from a leader longer ago than this, in milliseconds. Default: accept any. */
  readonly maxStalenessMs?: number;
  /** Called when the server becomes slow (silent, or sending a trickle), and when it recovers. Default: not called. */
  readonly onPace?: (pace: Pace) => void;
  /** Receives, up to the first byte, whether the server is reachable, and each retry. Default: no progress is reported. */
  readonly progress?: RequestProgress;
}

export interface SnapshotResponse {
  /**
   * The archive as Consul sends it; each piece is valid until the next one is requested. Slow consumers do not trigger
   * the server's timeouts.
   *
   * @throws SnapshotError `CONSUL_STALLED`, `CONSUL_UNREACHABLE` or `INTERRUPTED`, while it is read
   */
  readonly body: AsyncIterable<Buffer>;
  /** The Raft index of the snapshot. */
  readonly index: number;
  /** Whether the server believes that there is a leader; it still does for several seconds after a loss. */
  readonly knownLeader: boolean;
  /** Time since it last heard from the leader; 0 for the leader itself. */
  readonly lastContactMs: number;
}

/** Why Consul did not confirm a restore. */
export interface RestoreFailure {
  readonly error: SnapshotError;
  /**
   * Whether no connection was made, nothing of the archive was sent, or the response is one that Consul and proxies send
   * before the state is replaced (a missing permission, a blocked endpoint, a proxy's size limit, an archive that did not
   * arrive intact). Such a response is certain only if it came before the whole archive was sent: otherwise a proxy may
   * have passed the archive on. If it is not certain, or `false`, only the cluster itself can show the result.
   */
  readonly notTaken: boolean;
}

export class ConsulClient {
  readonly #connection: Connection;
  readonly #transport: Transport;

  constructor(connection: Connection, options: ClientOptions) {
    this.#connection = connection;
    this.#transport = new Transport(connection, options);
  }

  /**
   * The current time of Consul, or of a proxy in front of it: the `Date` header of the latest response, to the second,
   * plus the time since. `undefined` before the first response.
   */
  get serverTime(): Date | undefined {
    return this.#transport.serverTime;
  }

  /**
   * Requests a snapshot. Resolves at the first byte, which the server sends only after it has compressed the whole
   * snapshot.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async snapshot({ consistency, maxStalenessMs, onPace, progress }: SnapshotRequest): Promise<SnapshotResponse> {
    const connection = this.#connection;
    const call = { path: "/v1/snapshot", flags: consistency === "stale" ? ["stale"] : [], namespaced: true };
    const readHead = (headers: Headers): SnapshotHead => {
      const head = readHeaders(connection, headers);
      if (maxStalenessMs !== undefined && head.lastContactMs > maxStalenessMs) {
        throw tooStale(connection, head.lastContactMs, maxStalenessMs);
      }
      return head;
    };
    try {
      const { head, body } = await this.#transport.retry(
        () => this.#transport.stream(call, readHead, onPace),
        progress,
      );
      return { body, ...head };
    } catch (error) {
      throw isCode(error, "CONSUL_UNKNOWN_DATACENTER") ? await this.#withAdvice(error) : error;
    }
  }

  /**
   * The datacenter and the version of its servers, or why they are unknown. It does not fail because of missing
   * permissions or responses.
   *
   * @throws SnapshotError `INTERRUPTED`
   */
  async agent(): Promise<ClusterFacts> {
    const reasons: string[] = [];
    const ask = async (call: Call, right: string): Promise<unknown> => {
      const answer = await this.#ask(call, right);
      if ("reason" in answer) reasons.push(answer.reason);
      return "json" in answer ? answer.json : undefined;
    };
    const self = await ask({ path: "/v1/agent/self" }, "agent:read");
    const agent = readAgent(self);
    if (self !== undefined && agent === undefined) {
      reasons.push("the answer of /v1/agent/self has no valid datacenter and version");
    }
    const datacenter = this.#connection.datacenter ?? agent?.datacenter ?? (await this.#onlyDatacenter());
    // A client agent may have another version than the servers, which write the snapshot.
    const isServerThere = agent?.isServer === true && agent.datacenter === datacenter;
    if (isServerThere) {
      const serverIds = agent.nodeId === undefined ? undefined : [agent.nodeId];
      return compact({ datacenter, consulVersion: agent.version, serverIds });
    }
    const servers = readServersVersion(
      await ask({ path: "/v1/catalog/service/consul", flags: ["stale"] }, "node:read and service:read"),
    );
    if ("reason" in servers) reasons.push(servers.reason);
    const consulVersion = "version" in servers ? servers.version : undefined;
    const serverIds = "version" in servers && servers.serverIds.length > 0 ? servers.serverIds : undefined;
    const isKnown = datacenter !== undefined && consulVersion !== undefined;
    return compact({ datacenter, consulVersion, serverIds, unknownReason: isKnown ? undefined : reasons[0] });
  }

  /**
   * The leader's address, as this server knows it; `undefined` if it knows none, or cannot respond now.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async leader(): Promise<string | undefined> {
    const { json, failure } = await this.#transport.ask({ path: "/v1/status/leader" });
    if (failure !== undefined && !failure.retry) throw await this.#withAdvice(failure.error);
    const leader = typeof json === "string" ? cleanText(json) : "";
    return leader === "" ? undefined : leader;
  }

  /**
   * Autopilot's view of the servers; `"denied"` if the token lacks permission (`operator = "read"`), `"blocked"` if the
   * agent's configuration or a proxy blocks the path, `undefined` while autopilot does not know. Call it only if there
   * is a leader: without one it takes seconds to fail.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`; `CONSUL_DENIED` for an unknown or missing token
   */
  async health(): Promise<ClusterHealth | HealthRefusal | undefined> {
    const answer = await this.#transport.ask({ path: "/v1/operator/autopilot/health" });
    // Consul answers 429 if the cluster is unhealthy; the body is the same as for 200.
    const health = readHealth(answer.json);
    if (health !== undefined) return health;
    if (!(await this.#isClosed(answer))) return undefined;
    return answer.failure?.meaning === "noPermission" ? "denied" : "blocked";
  }

  /**
   * Identifies the cluster by the Raft ids of its servers, or by their addresses and by marks if the token may not read
   * the ids (`operator = "read"`) or the path is blocked.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`; `CONSUL_DENIED` for an unknown or missing token
   */
  async identity(): Promise<ClusterIdentity> {
    const answer = await this.#transport.ask({ path: "/v1/operator/raft/configuration", flags: ["stale"] });
    const identity = (await this.#isClosed(answer)) ? undefined : readRaftIdentity(answer.json);
    if (identity !== undefined) return identity;
    const peers = await this.#transport.ask({ path: "/v1/status/peers" });
    const known = ({ json, failure }: Answer): unknown => (failure === undefined ? json : undefined);
    const token = await this.#transport.ask({ path: "/v1/acl/token/self" });
    const roots = await this.#transport.ask({ path: "/v1/connect/ca/roots" });
    return {
      serverIds: [],
      serverAddresses: readPeers(known(peers)),
      marks: readMarks(known(token), known(roots)),
    };
  }

  /**
   * The last known Raft index of the cluster: that of this server, or the one autopilot saw a few seconds ago. It is
   * never too high; `undefined` if the token may read neither.
   *
   * @throws SnapshotError `INTERRUPTED`; `CONSUL_UNREACHABLE` if the connection closes
   */
  async raftIndex(): Promise<number | undefined> {
    const agent = await this.#askIfReachable("/v1/agent/self");
    const health = readHealth(await this.#askIfReachable("/v1/operator/autopilot/health"));
    const isAsked = [undefined, readAgent(agent)?.datacenter].includes(this.#connection.datacenter);
    const ofAgent = isAsked ? readLastLogIndex(agent) : undefined;
    const indexes = [ofAgent ?? NaN, ...(health?.servers ?? []).map(({ lastIndex }) => lastIndex)];
    const known = indexes.filter((index) => Number.isSafeInteger(index));
    return known.length === 0 ? undefined : known.reduce((most, index) => Math.max(most, index));
  }

  /**
   * Whether the cluster knows the token; also true if ACLs are disabled, or if there is no token.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async knowsToken(): Promise<boolean> {
    return (await this.refusalOfToken()) === undefined;
  }

  /** Consul's refusal of the token itself, if any. */
  async refusalOfToken(): Promise<SnapshotError | undefined> {
    const { status, failure } = await this.#transport.ask({ path: "/v1/acl/token/self" });
    return status === 403 && failure !== undefined && failure.meaning !== "blocked" ? failure.error : undefined;
  }

  /**
   * Sends an archive that replaces all state. It is sent only once, without a time limit.
   *
   * @returns `undefined` if the server confirms the restore; otherwise the reason
   */
  async restore(upload: Upload): Promise<RestoreFailure | undefined> {
    const failure = await this.#transport.upload({ path: "/v1/snapshot", namespaced: true }, upload);
    return failure && { error: await this.#withAdvice(failure.error), notTaken: failure.notTaken };
  }

  /** Aborts all pending requests. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  /**
   * Whether permissions or the agent's configuration block only this path, while others may work.
   *
   * @throws SnapshotError if no request with this token would succeed
   */
  async #isClosed({ failure }: Answer): Promise<boolean> {
    if (failure === undefined || failure.retry) return false;
    if (failure.meaning === "noPermission" || failure.meaning === "blocked" || failure.meaning === "noEndpoint")
      return true;
    if (HOPELESS.has(failure.meaning)) throw await this.#withAdvice(failure.error);
    return false;
  }

  /**
   * A small response as JSON, or why there is none.
   *
   * @param right - the permission that the token lacks if the response is a denial
   */
  async #ask(call: Call, right: string): Promise<{ json: unknown } | { reason: string }> {
    try {
      const { json, failure } = await this.#transport.ask(call);
      if (failure?.meaning === "noPermission") return { reason: `the token may not read ${call.path} (${right})` };
      if (failure !== undefined) return { reason: failure.error.message };
      return json === undefined ? { reason: `${this.#connection.url}${call.path} is not JSON` } : { json };
    } catch (error) {
      if (!(error instanceof SnapshotError) || isCode(error, "INTERRUPTED")) throw error;
      return { reason: error.message };
    }
  }

  /** The JSON of a response; `undefined` if the server does not return any. */
  async #askIfReachable(path: string): Promise<unknown> {
    try {
      return (await this.#transport.ask({ path })).json;
    } catch (error) {
      if (isCode(error, "INTERRUPTED", "CONSUL_UNREACHABLE")) throw error;
      return undefined;
    }
  }

  /** Requires no token. */
  async #datacenters(): Promise<string[]> {
    const answer = await this.#ask({ path: "/v1/catalog/datacenters" }, "no right is needed");
    return "json" in answer ? readDatacenters(answer.json) : [];
  }

  async #onlyDatacenter(): Promise<string | undefined> {
    const known = await this.#datacenters();
    const [only] = known;
    return known.length === 1 && only !== undefined && isPlainName(only) ? only : undefined;
  }

  /** If the requested datacenter is unknown, queries the existing ones and adds them to the hint. */
  async #withAdvice(error: SnapshotError): Promise<SnapshotError> {
    if (!isCode(error, "CONSUL_UNKNOWN_DATACENTER")) return error;
    return nameDatacenters(error, await this.#datacenters());
  }
}

/** Failures that affect every request of this connection. */
const HOPELESS: ReadonlySet<Failure["meaning"]> = new Set<Failure["meaning"]>([
  "noToken",
  "unknownToken",
  "unknownDatacenter",
  "wantsHttps",
  "wantsCertificate",
  "redirect",
  "login",
]);

type Headers = Dispatcher.ResponseData["headers"];
type SnapshotHead = Omit<SnapshotResponse, "body">;

function readHeaders(connection: Connection, headers: Headers): SnapshotHead {
  const text = (name: string): string => {
    const value = headers[name];
    if (typeof value === "string" && value !== "") return value;
    throw notASnapshot(connection, `${value === undefined ? "no" : "an unusable"} header ${name}`);
  };
  const number = (name: string): number => {
    const value = Number(text(name));
    if (Number.isFinite(value)) return value;
    throw notASnapshot(connection, `a header ${name} that is not a number`);
  };
  const [type = ""] = String(headers["content-type"]).split(";");
  if (/html|json|text/i.test(type)) throw notASnapshot(connection, cleanText(type));
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw notASnapshot(connection, "a second compression");
  return {
    index: number("x-consul-index"),
    knownLeader: text("x-consul-knownleader") === "true",
    lastContactMs: number("x-consul-lastcontact"),
  };
}
