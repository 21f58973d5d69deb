/**
 * Requests to Consul and their responses: sockets, limits and retries. The client knows what a request means.
 *
 * - A snapshot as a whole has no time limit; connecting, the first byte, silence between bytes and a trickle have.
 * - A request is retried only if nothing of its response has arrived and a retry can help, and never silently.
 * - Bytes are passed on as they arrive, in pieces of up to 1 MiB of reused memory.
 */

import { performance } from "node:perf_hooks";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { unlessAborted } from "../abort";
import { compact } from "../compact";
import { SnapshotError } from "../errors";
import { parseJson } from "../json";
import type { Connection } from "./connection";
import { Connector, type ConnectorOptions } from "./connector";
import { Exchange } from "./exchange";
import { explainNetworkError, interrupted, notASnapshot, silent, stalled, tooSlow, truncated } from "./failures";
import { Pieces } from "./pieces";
import type { SnapshotProgress } from "../progressInterval";
import { RateWindow } from "../rateWindow";
import { forwarderOf } from "./proxy";
import type { Refusal } from "./refusalRow";
import { explainRefusal, type Failure } from "./refusals";
import { type CleanText, remark } from "../text";

export interface TransportOptions extends ConnectorOptions {
  /** Aborts everything immediately. */
  readonly signal: AbortSignal;
  /** Receives notices for the user, one sentence each. */
  readonly notice: (message: CleanText) => void;
  /** How long a temporary failure is retried, in milliseconds. Default: 30,000. */
  readonly retryForMs?: number;
  /** When a server counts as slow, in milliseconds: without its first byte, and below 10 kB/s. Default: 30,000 and 10,000. */
  readonly slowAfterMs?: { readonly firstByte: number; readonly body: number };
}

/** Receives whether the server is reachable, and when a request is repeated. */
export type RequestProgress = Pick<SnapshotProgress, "connected" | "retrying">;

/** One request. */
export interface Call {
  readonly path: string;
  /** Query parameters without a value. Default: none. */
  readonly flags?: readonly string[];
  /** Query parameters with a value. Default: none. */
  readonly query?: Readonly<Record<string, string>>;
  /** Default: GET. */
  readonly method?: "GET" | "PUT" | "POST";
  /** The text of a PUT or POST. Default: none. */
  readonly text?: string;
  /** Time limit of the response, in milliseconds. Default: 10,000. */
  readonly limitMs?: number;
  /**
   * Whether the namespace and the partition of the connection are sent. Community Edition answers 400 to them at some
   * paths, `/v1/catalog/service` among them. Default: false.
   */
  readonly namespaced?: boolean;
}

/** An archive on its way to a server. */
export interface Upload {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Number of bytes. */
  readonly size: number;
}

/** `"slow"` while a server is silent or sends a trickle, so that other saves need not wait for it. */
export type Pace = "slow" | "normal";

/** A small response; `json` is `undefined` if the body is not JSON. */
export interface Answer {
  readonly status: number;
  readonly json: unknown;
  /** The index in the response to a blocking query. */
  readonly index?: string;
  /** The meaning of the status; absent for 200. */
  readonly failure?: Failure;
}

export interface Streamed<T> {
  /** The result of `readHead`. */
  readonly head: T;
  /** Each piece is valid until the next one is requested. */
  readonly body: AsyncIterable<Buffer>;
}

type Headers = Dispatcher.ResponseData["headers"];

const RETRY_FOR_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** The minimum rate of a snapshot over each `idleTimeout`, in bytes per second. */
const LEAST_RATE = 1000;
/** Before the first byte, Consul may compress a large state for minutes; in the body, silence has no such reason. */
const SLOW_AFTER_MS = { firstByte: 30_000, body: 10_000 };
/** In bytes per second. */
const SLOW_RATE = 10_000;
/** The limit for requests with small responses, in milliseconds. */
const SHORT_LIMIT_MS = 10_000;
/** Maximum bytes read from a refusal. */
const LONGEST_REFUSAL = 4096;
/** How long to wait for the text of a refusal, in milliseconds: the status alone is usually enough. */
const REFUSAL_MS = 2000;
/** Maximum bytes read from a small response; `/v1/agent/self` has about 10 kB. */
const LONGEST_ANSWER = 4 * 1024 * 1024;

export class Transport {
  readonly #connection: Connection;
  readonly #options: TransportOptions;
  readonly #connector: Connector;
  readonly #exchanges = new Set<Exchange>();
  readonly #stop = (): void => this.#endAll(interrupted(this.#options.signal.reason));
  #date: { readonly epochMs: number; readonly at: number } | undefined;

  constructor(connection: Connection, options: TransportOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#connector = new Connector(connection, options);
    options.signal.addEventListener("abort", this.#stop);
  }

  /** The current time by the `Date` header of the latest response; `undefined` before the first. */
  get serverTime(): Date | undefined {
    return this.#date && new Date(this.#date.epochMs + performance.now() - this.#date.at);
  }

  /**
   * Requests a small response, of any status, within 10 s.
   *
   * @throws SnapshotError `CONSUL_*` or `INTERRUPTED`
   */
  async ask(call: Call): Promise<Answer> {
    const connection = this.#connection;
    const exchange = this.#open();
    try {
      const limit = call.limitMs ?? Math.min(SHORT_LIMIT_MS, connection.firstByteTimeoutMs);
      const late = (): SnapshotError => silent(connection, limit);
      return await exchange.wait(limit, late, async () => {
        const response = await this.#send(exchange, call);
        const body = await readUpTo(response, LONGEST_ANSWER);
        const status = response.statusCode;
        const failure = status === 200 ? undefined : explainRefusal(connection, refusalOf(call, response, body));
        const header = response.headers["x-consul-index"];
        const index = typeof header === "string" ? header : undefined;
        return { status, json: parseJson(body), ...compact({ failure, index }) };
      });
    } catch (error) {
      throw error instanceof SnapshotError ? error : explainNetworkError(connection, error).error;
    } finally {
      this.#end(exchange);
    }
  }

  /**
   * Requests a large response; resolves at its first byte. Slow consumers do not trigger the server's timeouts.
   *
   * @param readHead - reads the headers; throws if they are not those of a snapshot
   * @param onPace - called when the server becomes slow, and when it recovers
   * @returns the response, or the failure reported by the server or the network
   * @throws SnapshotError `CONSUL_STALLED`, `INTERRUPTED` and errors of `readHead`; `CONSUL_UNREACHABLE` while the body
   * is read
   */
  async stream<T>(
    call: Call,
    readHead: (headers: Headers) => T,
    onPace: (pace: Pace) => void = () => undefined,
  ): Promise<Streamed<T> | Failure> {
    const connection = this.#connection;
    const exchange = this.#open();
    const slow = setTimeout(onPace, this.#slowAfterMs.firstByte, "slow").unref();
    try {
      const late = (): SnapshotError => stalled(connection);
      const answer = await exchange.wait(connection.firstByteTimeoutMs, late, async () => {
        const response = await this.#send(exchange, call);
        if (response.statusCode !== 200) {
          return explainRefusal(connection, refusalOf(call, response, await readRefusal(response)));
        }
        const head = readHead(response.headers);
        const pieces = new Pieces(response.body);
        const first = await this.#next(exchange, pieces, 0);
        if (first === undefined) throw notASnapshot(connection, "an empty body");
        return { head, body: this.#bytes(exchange, first, pieces, onPace) };
      });
      if ("error" in answer) this.#end(exchange);
      return answer;
    } catch (error) {
      this.#end(exchange);
      if (error instanceof SnapshotError) throw error;
      return explainNetworkError(connection, error);
    } finally {
      clearTimeout(slow);
      onPace("normal");
    }
  }

  /**
   * Sends an archive, once, without a time limit.
   *
   * @returns `undefined` if the server answers 200; otherwise the failure
   */
  async upload(call: Call, { bytes, size }: Upload): Promise<Failure | undefined> {
    const connection = this.#connection;
    const exchange = this.#open();
    let begun = false;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of bytes) {
        begun = true;
        yield chunk;
      }
    }
    try {
      const response = await this.#send(exchange, call, { bytes: counted(), size });
      const body = await readRefusal(response);
      return response.statusCode === 200 ? undefined : explainRefusal(connection, refusalOf(call, response, body));
    } catch (error) {
      const reason: unknown = exchange.signal.aborted ? exchange.signal.reason : error;
      const failure =
        reason instanceof SnapshotError
          ? { error: reason, retry: false, notTaken: false }
          : explainNetworkError(connection, reason);
      return { ...failure, notTaken: failure.notTaken || !begun };
    } finally {
      this.#end(exchange);
    }
  }

  /**
   * Retries temporary failures with growing pauses, and reports each retry.
   *
   * @param progress - Default: only notices
   * @throws the error of a failure that is not temporary, or lasts too long
   */
  async retry<T extends object>(attempt: () => Promise<T | Failure>, progress?: RequestProgress): Promise<T> {
    let deadline: number | undefined;
    const endWatch = this.#connector.watch(() => progress?.connected());
    try {
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
        const answer = await attempt();
        if (!("error" in answer)) return answer;
        const now = performance.now();
        deadline ??= now + (this.#options.retryForMs ?? RETRY_FOR_MS);
        if (!answer.retry || now + pause > deadline) throw answer.error;
        progress?.retrying(answer.meaning !== undefined, pause);
        this.#options.notice(remark`${answer.error.message}; trying again in ${pause / 1000} s`);
        await this.pause(pause);
      }
    } finally {
      endWatch();
    }
  }

  /** Aborts all pending requests. */
  async close(): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#stop);
    this.#endAll(interrupted("the client is closed"));
    await this.#connector.close();
  }

  async *#bytes(
    exchange: Exchange,
    first: Buffer,
    pieces: Pieces,
    onPace: (pace: Pace) => void,
  ): AsyncGenerator<Buffer, void> {
    const connection = this.#connection;
    const limit = new RateWindow(connection.idleTimeoutMs, LEAST_RATE);
    const pace = new RateWindow(this.#slowAfterMs.body, SLOW_RATE);
    let received = 0;
    let waiting = false;
    // One timer of each kind for all chunks; it counts only while waiting for the server.
    const silence = setTimeout(() => {
      if (waiting) exchange.end(stalled(connection, received));
    }, connection.idleTimeoutMs).unref();
    const slow = setTimeout(() => {
      if (waiting) onPace("slow");
    }, this.#slowAfterMs.body).unref();
    try {
      for (let chunk = first; ; ) {
        received += chunk.length;
        yield chunk;
        const asked = performance.now();
        waiting = true;
        silence.refresh();
        slow.refresh();
        const next = await this.#next(exchange, pieces, received);
        waiting = false;
        if (next === undefined) return;
        chunk = next;
        const waitedMs = performance.now() - asked;
        const isFast = pace.add(waitedMs, chunk.length);
        if (isFast !== undefined) onPace(isFast ? "normal" : "slow");
        if (limit.add(waitedMs, chunk.length) === false) throw tooSlow(connection, received + chunk.length, LEAST_RATE);
      }
    } finally {
      clearTimeout(silence);
      clearTimeout(slow);
      onPace("normal");
      this.#end(exchange);
    }
  }

  /** The next piece of a snapshot; `undefined` at its end. */
  async #next(exchange: Exchange, pieces: Pieces, received: number): Promise<Buffer | undefined> {
    try {
      exchange.signal.throwIfAborted();
      return await pieces.next();
    } catch (error) {
      throw exchange.signal.aborted ? exchange.signal.reason : truncated(this.#connection, received, error);
    }
  }

  get #slowAfterMs(): { readonly firstByte: number; readonly body: number } {
    return this.#options.slowAfterMs ?? SLOW_AFTER_MS;
  }

  async #send(
    exchange: Exchange,
    { path, flags = [], query = {}, namespaced = false, method, text }: Call,
    upload?: Upload,
  ): Promise<Dispatcher.ResponseData> {
    const { origin, pathPrefix, token, headers, datacenter, namespace, partition, proxy, tls } = this.#connection;
    const url = new URL(origin + pathPrefix + path);
    for (const flag of flags) url.searchParams.set(flag, "");
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (datacenter !== undefined) url.searchParams.set("dc", datacenter);
    if (namespaced && namespace !== undefined) url.searchParams.set("ns", namespace);
    if (namespaced && partition !== undefined) url.searchParams.set("partition", partition);
    const forwarder = forwarderOf(proxy, tls !== undefined);
    const response = await this.#connector.agent.request({
      origin,
      path: forwarder === undefined ? url.pathname + url.search : url.href,
      signal: exchange.signal,
      method: upload === undefined ? (method ?? "GET") : "PUT",
      ...(upload === undefined
        ? compact({ body: text })
        : { body: Readable.from(upload.bytes, { objectMode: false }) }),
      headers: compact({
        ...headers,
        ...(upload === undefined ? {} : { "Content-Length": String(upload.size) }),
        // Otherwise Consul would compress the archive a second time.
        "Accept-Encoding": "identity",
        "X-Consul-Token": token,
        "Proxy-Authorization": forwarder?.authorization,
      }),
    });
    const epochMs = Date.parse(String(response.headers.date));
    if (!Number.isNaN(epochMs)) this.#date = { epochMs, at: performance.now() };
    return response;
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

  /** @throws SnapshotError `INTERRUPTED` */
  async pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      throw interrupted(error);
    });
  }
}

function refusalOf({ path }: Call, { statusCode, headers }: Dispatcher.ResponseData, body: Buffer): Refusal {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === "string" ? value : undefined;
  };
  return compact({
    path,
    status: statusCode,
    contentType: header("content-type") ?? "",
    location: header("location"),
    text: body.subarray(0, LONGEST_REFUSAL).toString().trim(),
  });
}

function iterate(response: Dispatcher.ResponseData): AsyncIterator<Buffer> {
  return response.body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
}

/** Reads as much of a refusal's text as arrives soon: a server may send it byte by byte, or break off. */
async function readRefusal(response: Dispatcher.ResponseData): Promise<Buffer> {
  const parts: Buffer[] = [];
  const reading = readUpTo(response, LONGEST_REFUSAL, parts);
  await unlessAborted(reading, AbortSignal.timeout(REFUSAL_MS)).catch(() => undefined);
  return Buffer.concat(parts).subarray(0, LONGEST_REFUSAL);
}

/**
 * Reads the beginning of a body. The rest is discarded when the exchange ends.
 *
 * @param parts - each piece is added as it arrives
 */
async function readUpTo(response: Dispatcher.ResponseData, limit: number, parts: Buffer[] = []): Promise<Buffer> {
  const chunks = iterate(response);
  for (let size = 0; size < limit; ) {
    const next = await chunks.next();
    if (next.done === true) break;
    parts.push(next.value);
    size += next.value.length;
  }
  return Buffer.concat(parts).subarray(0, limit);
}
