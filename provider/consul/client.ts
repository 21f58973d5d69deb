/**
 * Consul's HTTP API, as far as snapshots need it. One client is for one operation, and is closed after it.
 *
 * - The whole of a snapshot has no time limit; connecting, the first byte and silence between bytes have.
 * - A request is repeated only while nothing of its answer has come, only where that can help, and never silently.
 * - Bytes are handed on as they come; none is kept.
 */

import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type Dispatcher, request } from "undici";
import { SnapshotError } from "../errors";
import type { Connection } from "./connection";
import { Connector } from "./connector";
import { Exchange } from "./exchange";
import { type ClusterFacts, readAgent, readDatacenters, readServersVersion } from "./facts";
import { cut, explainNetworkError, interrupted, notASnapshot, silent, stalled, tooStale } from "./failures";
import { type ClusterHealth, readHealth, readServerIds } from "./health";
import { explainRefusal, explainRestoreRefusal, type Failure, nameDatacenters, type Refusal } from "./refusals";

export type { ClusterFacts } from "./facts";
export type { ClusterHealth } from "./health";

export interface ClientOptions {
  /** Stops everything at once. */
  readonly signal: AbortSignal;
  /** Told, in one sentence each, of what a user may wonder about. */
  readonly notice: (message: string) => void;
  /** For how long a failure that may pass is answered by asking again, in milliseconds. Default: 30,000. */
  readonly retryForMs?: number;
}

export interface SnapshotRequest {
  /** `"consistent"` is answered by the leader, `"stale"` by any server. */
  readonly consistency: "consistent" | "stale";
  /** Refuse a server that heard from a leader longer ago, in milliseconds. Default: any is taken. */
  readonly maxStalenessMs?: number;
}

export interface SnapshotResponse {
  /**
   * The archive, as Consul sends it. The reader's own slowness is never taken for the server's.
   *
   * @throws SnapshotError `CONSUL_STALLED`, `CONSUL_UNREACHABLE` or `INTERRUPTED`, while it is read
   */
  readonly body: AsyncIterable<Buffer>;
  /** The Raft index of the snapshot. */
  readonly index: number;
  /** Whether the server that answered believes that there is a leader: it goes on to do so for seconds after a loss. */
  readonly knownLeader: boolean;
  /** How long ago it heard from the leader; 0 from the leader itself. */
  readonly lastContactMs: number;
}

/** An archive on its way to a server. */
export interface Upload {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** How many they are. */
  readonly size: number;
}

const RETRY_FOR_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** For requests with small answers. */
const SHORT_LIMIT_MS = 10_000;
/** So much of a refusal is read, in bytes. */
const LONGEST_REFUSAL = 4096;
/** So much of a small answer is read, in bytes; an agent's own has some 10 kB. */
const LONGEST_ANSWER = 4 * 1024 * 1024;

export class ConsulClient {
  readonly #connection: Connection;
  readonly #options: ClientOptions;
  readonly #connector: Connector;
  readonly #exchanges = new Set<Exchange>();
  readonly #stop = (): void => this.#endAll(interrupted(this.#options.signal.reason));

  constructor(connection: Connection, options: ClientOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#connector = new Connector(connection);
    options.signal.addEventListener("abort", this.#stop);
  }

  /**
   * Asks for a snapshot. Resolves with its first byte, before which the server has compressed all of it.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async snapshot(wanted: SnapshotRequest): Promise<SnapshotResponse> {
    let deadline: number | undefined;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const answer = await this.#askSnapshot(wanted);
      if (!("error" in answer)) return answer;
      deadline ??= Date.now() + (this.#options.retryForMs ?? RETRY_FOR_MS);
      if (!answer.retry || Date.now() + pause > deadline) throw await this.#withAdvice(answer.error);
      this.#options.notice(`${answer.error.message}; trying again in ${pause / 1000} s`);
      await this.#pause(pause);
    }
  }

  /**
   * The datacenter and the version of its servers, as far as the token may know them. Never fails for lack of rights
   * or of answers.
   *
   * @throws SnapshotError `INTERRUPTED`
   */
  async agent(): Promise<ClusterFacts> {
    const asked = this.#connection.datacenter;
    const agent = readAgent(await this.#ask("/v1/agent/self"));
    const datacenter = asked ?? agent?.datacenter ?? (await this.#onlyDatacenter());
    // A client agent may be of another version than the servers, which write the snapshot.
    const isServerThere = agent?.isServer === true && agent.datacenter === datacenter;
    const consulVersion = isServerThere
      ? agent.version
      : readServersVersion(await this.#ask("/v1/catalog/service/consul", ["stale"]));
    return {
      ...(datacenter === undefined ? {} : { datacenter }),
      ...(consulVersion === undefined ? {} : { consulVersion }),
    };
  }

  /**
   * The address of the leader that the server at hand knows of; nothing when it knows none.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async leader(): Promise<string | undefined> {
    const { json } = await this.#answer("/v1/status/leader");
    return typeof json === "string" && json !== "" ? json : undefined;
  }

  /**
   * How autopilot sees the servers; `"denied"` when the token may not ask (`operator = "read"`), nothing while autopilot
   * does not know. Ask it only when there is a leader: without one it takes seconds to fail.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async health(): Promise<ClusterHealth | "denied" | undefined> {
    const { status, json } = await this.#answer("/v1/operator/autopilot/health");
    return status === 403 ? "denied" : readHealth(json);
  }

  /**
   * The ids of the servers, which are those of the cluster; none when the token may not ask (`operator = "read"`).
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async serverIds(): Promise<string[]> {
    return readServerIds((await this.#answer("/v1/operator/raft/configuration", ["stale"])).json);
  }

  /**
   * Whether the cluster knows the token; also true where ACLs are off, and where there is none to know.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async knowsToken(): Promise<boolean> {
    return (await this.#answer("/v1/acl/token/self")).status !== 403;
  }

  /**
   * Sends an archive that is to replace all state, once: nothing is ever sent again, and there is no limit on the time.
   * Whatever comes of it, only the cluster itself can tell whether its state was replaced.
   *
   * @returns nothing when the server says that it is done; else why it does not say so
   */
  async restore({ bytes, size }: Upload): Promise<SnapshotError | undefined> {
    const connection = this.#connection;
    const exchange = this.#open();
    try {
      const response = await this.#send(exchange, "/v1/snapshot", [], { bytes, size });
      if (response.statusCode !== 200) return explainRestoreRefusal(connection, await readRefusal(response));
      await readUpTo(response, LONGEST_REFUSAL);
      return undefined;
    } catch (error) {
      const reason: unknown = exchange.signal.aborted ? exchange.signal.reason : error;
      return reason instanceof SnapshotError ? reason : explainNetworkError(connection, reason).error;
    } finally {
      this.#end(exchange);
    }
  }

  /** Ends whatever is still going on. */
  async close(): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#stop);
    this.#endAll(interrupted("the client is closed"));
    await this.#connector.close();
  }

  async #askSnapshot({ consistency, maxStalenessMs }: SnapshotRequest): Promise<SnapshotResponse | Failure> {
    const connection = this.#connection;
    const exchange = this.#open();
    try {
      const late = (): SnapshotError => stalled(connection);
      const answer = await exchange.wait(connection.firstByteTimeoutMs, late, async () => {
        const flags = consistency === "stale" ? ["stale"] : [];
        const response = await this.#send(exchange, "/v1/snapshot", flags);
        if (response.statusCode !== 200) return explainRefusal(connection, await readRefusal(response));
        const { index, knownLeader, lastContactMs } = readHeaders(connection, response);
        if (maxStalenessMs !== undefined && lastContactMs > maxStalenessMs) {
          throw tooStale(connection, lastContactMs, maxStalenessMs);
        }
        const chunks = iterate(response);
        const first = await this.#next(exchange, chunks, 0);
        if (first === undefined) throw notASnapshot(connection, "an empty body");
        return { body: this.#bytes(exchange, first, chunks), index, knownLeader, lastContactMs };
      });
      if ("error" in answer) this.#end(exchange);
      return answer;
    } catch (error) {
      this.#end(exchange);
      if (error instanceof SnapshotError) throw error;
      return explainNetworkError(connection, error);
    }
  }

  async *#bytes(exchange: Exchange, first: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
    const connection = this.#connection;
    let received = 0;
    let waiting = false;
    // One timer for all chunks, which counts only while the server is waited for.
    const timer = setTimeout(() => {
      if (waiting) exchange.end(stalled(connection, received));
    }, connection.idleTimeoutMs).unref();
    try {
      for (let chunk: Buffer | undefined = first; chunk !== undefined; ) {
        received += chunk.length;
        yield chunk;
        waiting = true;
        timer.refresh();
        chunk = await this.#next(exchange, chunks, received);
        waiting = false;
      }
    } finally {
      clearTimeout(timer);
      this.#end(exchange);
    }
  }

  /** The next piece of a snapshot; `undefined` at its end. */
  async #next(exchange: Exchange, chunks: AsyncIterator<Buffer>, received: number): Promise<Buffer | undefined> {
    try {
      exchange.signal.throwIfAborted();
      const next = await chunks.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      throw exchange.signal.aborted ? exchange.signal.reason : cut(this.#connection, received, error);
    }
  }

  /** A small answer as JSON; `undefined` if there is none. */
  async #ask(path: string, flags: readonly string[] = []): Promise<unknown> {
    try {
      const { status, json } = await this.#answer(path, flags);
      return status === 200 ? json : undefined;
    } catch (error) {
      if (error instanceof SnapshotError && error.code === "INTERRUPTED") throw error;
      return undefined;
    }
  }

  /** The status of a small answer, and its JSON if it is that. */
  async #answer(path: string, flags: readonly string[] = []): Promise<{ status: number; json: unknown }> {
    const connection = this.#connection;
    const exchange = this.#open();
    try {
      const limit = Math.min(SHORT_LIMIT_MS, connection.firstByteTimeoutMs);
      const late = (): SnapshotError => silent(connection, limit);
      return await exchange.wait(limit, late, async () => {
        const response = await this.#send(exchange, path, flags);
        return { status: response.statusCode, json: parsed(await readUpTo(response, LONGEST_ANSWER)) };
      });
    } catch (error) {
      throw error instanceof SnapshotError ? error : explainNetworkError(connection, error).error;
    } finally {
      this.#end(exchange);
    }
  }

  async #onlyDatacenter(): Promise<string | undefined> {
    const known = readDatacenters(await this.#ask("/v1/catalog/datacenters"));
    return known.length === 1 ? known[0] : undefined;
  }

  async #withAdvice(error: SnapshotError): Promise<SnapshotError> {
    if (error.code !== "CONSUL_UNKNOWN_DATACENTER") return error;
    return nameDatacenters(error, readDatacenters(await this.#ask("/v1/catalog/datacenters")));
  }

  #send(exchange: Exchange, path: string, flags: readonly string[], upload?: Upload): Promise<Dispatcher.ResponseData> {
    const { origin, pathPrefix, token, headers, datacenter, namespace, partition } = this.#connection;
    const url = new URL(origin + pathPrefix + path);
    for (const flag of flags) url.searchParams.set(flag, "");
    if (datacenter !== undefined) url.searchParams.set("dc", datacenter);
    if (namespace !== undefined) url.searchParams.set("ns", namespace);
    if (partition !== undefined) url.searchParams.set("partition", partition);
    return request(url, {
      dispatcher: this.#connector.agent,
      signal: exchange.signal,
      ...(upload === undefined ? {} : { method: "PUT", body: Readable.from(upload.bytes, { objectMode: false }) }),
      headers: {
        ...headers,
        ...(upload === undefined ? {} : { "Content-Length": String(upload.size) }),
        // Otherwise Consul compresses the archive a second time.
        "Accept-Encoding": "identity",
        ...(token === undefined ? {} : { "X-Consul-Token": token }),
      },
    });
  }

  #open(): Exchange {
    const exchange = new Exchange();
    if (this.#options.signal.aborted) exchange.end(interrupted(this.#options.signal.reason));
    this.#exchanges.add(exchange);
    return exchange;
  }

  #end(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    exchange.end(interrupted("the exchange is over"));
  }

  #endAll(reason: SnapshotError): void {
    for (const exchange of this.#exchanges) exchange.end(reason);
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      throw interrupted(error);
    });
  }
}

type Headers = Pick<SnapshotResponse, "index" | "knownLeader" | "lastContactMs">;

function readHeaders(connection: Connection, { headers }: Dispatcher.ResponseData): Headers {
  const text = (name: string): string => {
    const value = headers[name];
    if (typeof value === "string" && value !== "") return value;
    throw notASnapshot(connection, `no header ${name}`);
  };
  const number = (name: string): number => {
    const value = Number(text(name));
    if (Number.isFinite(value)) return value;
    throw notASnapshot(connection, `a header ${name} that is no number`);
  };
  const [type = ""] = String(headers["content-type"]).split(";");
  if (/html|json|text/i.test(type)) throw notASnapshot(connection, type);
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw notASnapshot(connection, "a second compression");
  return {
    index: number("x-consul-index"),
    knownLeader: text("x-consul-knownleader") === "true",
    lastContactMs: number("x-consul-lastcontact"),
  };
}

async function readRefusal(response: Dispatcher.ResponseData): Promise<Refusal> {
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return typeof value === "string" ? value : undefined;
  };
  const location = header("location");
  return {
    status: response.statusCode,
    contentType: header("content-type") ?? "",
    ...(location === undefined ? {} : { location }),
    text: (await readUpTo(response, LONGEST_REFUSAL)).toString(),
  };
}

/** What is no JSON tells nothing. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

function iterate(response: Dispatcher.ResponseData): AsyncIterator<Buffer> {
  return response.body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
}

/** The beginning of a body. The rest is left to the end of the exchange. */
async function readUpTo(response: Dispatcher.ResponseData, limit: number): Promise<Buffer> {
  const chunks = iterate(response);
  const parts: Buffer[] = [];
  for (let size = 0; size < limit; ) {
    const next = await chunks.next();
    if (next.done === true) break;
    parts.push(next.value);
    size += next.value.length;
  }
  return Buffer.concat(parts).subarray(0, limit);
}
