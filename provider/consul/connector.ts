/** Opens sockets to Consul (TCP, TLS or unix) within the connect timeout. */

import { connect as connectUnix, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Agent } from "undici";
import { compact } from "../compact";
import type { Tls } from "./certificates";
import type { Connection } from "./connection";
import { type Attempt, ConnectError, connectTimeout, dial } from "./dialer";
import { forwarderOf } from "./proxy";
import { openTunnel } from "./tunnel";

export interface ConnectorOptions {
  /**
   * Open only one connection: once it has closed, all further requests fail before anything is sent. Default: false.
   */
  readonly oneConnection?: boolean;
}

/** The error code after the only connection of a client has closed. */
export const CONNECTION_ENDED = "ONE_CONNECTION_ENDED";

/** How long the only connection is kept open between two requests, in milliseconds; undici's default is 4 s. */
const KEEP_ONE_MS = 10 * 60_000;

/** The connections of one client. Closing it closes all of them, including those being opened. */
export class Connector {
  readonly agent: Agent;
  readonly #connection: Connection;
  readonly #opening = new Set<AbortController>();
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();
  #opened = 0;

  constructor(connection: Connection, { oneConnection = false }: ConnectorOptions = {}) {
    this.#connection = connection;
    this.agent = new Agent({
      // The transport has its own limits: undici's also count the time of slow consumers.
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(oneConnection ? { connections: 1, keepAliveTimeout: KEEP_ONE_MS, keepAliveMaxTimeout: KEEP_ONE_MS } : {}),
      connect: ({ hostname, port }, callback) => {
        if (oneConnection && this.#opened > 0) {
          const ended = Object.assign(new Error("the only connection has ended"), { code: CONNECTION_ENDED });
          callback(new ConnectError(ended), null);
          return;
        }
        this.#open(hostname, Number(port)).then(
          (socket) => {
            this.#opened++;
            for (const connected of this.#watchers) connected();
            callback(null, socket);
          },
          (error: unknown) => callback(error as Error, null),
        );
      },
    });
  }

  /**
   * Calls `connected` for each connection that is established, and now if there is one.
   *
   * @returns ends it
   */
  watch(connected: () => void): () => void {
    this.#watchers.add(connected);
    if (this.#sockets.size > 0) connected();
    return () => void this.#watchers.delete(connected);
  }

  async close(): Promise<void> {
    const closed = this.agent.destroy();
    for (const opening of this.#opening) opening.abort(new Error("the client is closed"));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #open(host: string, port: number): Promise<Socket> {
    const { connectTimeoutMs } = this.#connection;
    const opening = new AbortController();
    const tried: Attempt[] = [];
    const timer = setTimeout(() => opening.abort(connectTimeout()), connectTimeoutMs);
    this.#opening.add(opening);
    try {
      const socket = await openSocket(this.#connection, host, port, tried, opening.signal);
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      return socket;
    } catch (error) {
      throw new ConnectError(error, tried);
    } finally {
      clearTimeout(timer);
      this.#opening.delete(opening);
    }
  }
}

async function openSocket(
  connection: Connection,
  host: string,
  port: number,
  tried: Attempt[],
  signal: AbortSignal,
): Promise<Socket> {
  const { socketPath, tls, hostAddress, proxy } = connection;
  if (socketPath !== undefined) return connected(connectUnix({ path: socketPath }), "connect", signal);
  const targetPort = port || (tls === undefined ? 80 : 443);
  if (proxy === undefined) {
    const socket = await dial(hostAddress ?? host, targetPort, tried, signal);
    return tls === undefined ? socket : secure(socket, host, tls, signal);
  }
  const plain = await dial(proxy.host, proxy.port, tried, signal);
  const toProxy = proxy.isHttps ? await secure(plain, proxy.host, { insecure: false }, signal) : plain;
  // See `Transport`.
  if (forwarderOf(proxy, tls !== undefined) !== undefined) return toProxy;
  const tunnel = await openTunnel(toProxy, proxy, host, targetPort, signal);
  return tls === undefined ? tunnel : secure(tunnel, host, tls, signal);
}

/** Establishes TLS over a connected socket. */
async function secure(socket: Socket, host: string, tls: Tls, signal: AbortSignal): Promise<TLSSocket> {
  const secured = connectTls(
    compact({
      socket,
      host,
      // TLS does not allow IP addresses as server names; the certificate is then checked against the host.
      servername: tls.serverName ?? (isIP(host) === 0 ? host : ""),
      rejectUnauthorized: !tls.insecure,
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
    }),
  );
  await connected(secured, "secureConnect", signal);
  // With TLS 1.3 a refused client certificate is reported after the handshake. Destroy the socket: otherwise it would
  // also close normally, and undici would report that instead.
  secured.once("error", (error: Error) => secured.destroy(error));
  return secured;
}

/** Waits until a socket is connected; destroys it on failure. */
function connected<T extends Socket>(socket: T, event: "connect" | "secureConnect", signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (error: Error): void => {
      signal.removeEventListener("abort", abort);
      reject(error);
    };
    const abort = (): void => void socket.destroy(signal.reason as Error);
    socket.once("error", end);
    socket.once(event, () => {
      socket.off("error", end);
      signal.removeEventListener("abort", abort);
      resolve(socket);
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
