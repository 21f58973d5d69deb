/** How sockets to Consul are opened: TCP, TLS or a unix socket, within the limit for connecting. */

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Agent } from "undici";
import type { Connection } from "./connection";

/** Through NATs and firewalls, a connection must live while the server compresses. */
const KEEP_ALIVE_MS = 30_000;

/** The connections of one client; closing it ends all of them, also those that are being made. */
export class Connector {
  readonly agent: Agent;
  readonly #sockets = new Set<Socket>();

  constructor(connection: Connection) {
    this.agent = new Agent({
      // The client has limits of its own: undici's count the reader's slowness as the server's.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: ({ hostname, port }, callback) => {
        const socket = open(connection, hostname, Number(port));
        this.#sockets.add(socket);
        const timer = setTimeout(() => socket.destroy(timedOut()), connection.connectTimeoutMs);
        socket.once("close", () => {
          clearTimeout(timer);
          this.#sockets.delete(socket);
        });
        const fail = (error: Error): void => {
          clearTimeout(timer);
          callback(error, null);
        };
        socket.once("error", fail);
        socket.once(connection.tls === undefined ? "connect" : "secureConnect", () => {
          clearTimeout(timer);
          socket.off("error", fail);
          // A refused client certificate is told after the handshake. Left alive, the socket would also end politely,
          // and undici would tell of that instead.
          socket.once("error", (error) => socket.destroy(error));
          callback(null, socket);
        });
      },
    });
  }

  async close(): Promise<void> {
    const closed = this.agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function open(connection: Connection, host: string, port: number): Socket {
  const { socketPath, tls } = connection;
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, noDelay: true };
  if (socketPath !== undefined) return connectTcp({ path: socketPath });
  const target = { host, port: port || (tls === undefined ? 80 : 443), ...keepAlive };
  if (tls === undefined) return connectTcp(target);
  return connectTls({
    ...target,
    // TLS has no server names that are IP addresses; the certificate is then checked against the host.
    servername: tls.serverName ?? (isIP(host) === 0 ? host : ""),
    rejectUnauthorized: !tls.insecure,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  });
}

function timedOut(): Error {
  return Object.assign(new Error("no connection within the limit"), { code: "ETIMEDOUT" });
}
