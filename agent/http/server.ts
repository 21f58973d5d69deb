/** The agent's endpoints: HTTP on a port or a unix socket. No endpoint shows or accepts a secret. */

import { once } from "node:events";
import { chmod, lstat, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { SnapshotError } from "../../provider/errors";
import { systemCode } from "../../provider/systemCode";
import type { Board } from "../board";
import { formatListenAddress, type ListenAddress } from "../config/listenAddress";
import type { Health } from "./health";
import { metricsOf } from "./metrics";
import { statusJson } from "./statusJson";
import { statusPage } from "./statusPage";
import { cleanJson, type CleanLines, composed } from "../../provider/text";

export interface EndpointOptions {
  readonly address: ListenAddress;
  readonly board: Board;
  readonly now: () => Date;
  readonly health: () => Promise<Health>;
  /** Takes a snapshot now; returns whether one will be taken. */
  readonly snapshot: () => boolean;
}

/** An answer of an endpoint. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: CleanLines;
}

/** How long to reuse a result: listing a bucket may cost money. */
const HEALTH_FOR_MS = 10_000;
const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";

/**
 * @returns the address on which it listens, and a function that closes it
 * @throws SnapshotError `ARGUMENT_INVALID` if it cannot listen
 */
export async function serveEndpoints(
  options: EndpointOptions,
): Promise<{ address: string; close: () => Promise<void> }> {
  const metrics = metricsOf(options.board);
  const health = cached(options.health, options.now);
  const reply = async (request: IncomingMessage): Promise<Reply> => {
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    if (path === "/snapshot") return takeSnapshot(request, options);
    if (request.method !== "GET" && request.method !== "HEAD")
      return { status: 405, type: TEXT, body: composed`GET only\n` };
    switch (path) {
      case "/metrics":
        return { status: 200, type: metrics.contentType, body: await metrics.text() };
      case "/health": {
        const found = await health();
        return { status: found.ok ? 200 : 503, type: JSON_TYPE, body: composed`${cleanJson(found, 0)}\n` };
      }
      case "/ready": {
        const { isLeader, isStandby } = options.board;
        if (isLeader || isStandby)
          return { status: 200, type: TEXT, body: isLeader ? composed`leader\n` : composed`standby\n` };
        return { status: 503, type: TEXT, body: composed`Consul has not answered yet\n` };
      }
      case "/status":
        return { status: 200, type: JSON_TYPE, body: composed`${cleanJson(statusJson(options.board), 2)}\n` };
      case "/":
        return {
          status: 200,
          type: "text/html; charset=utf-8",
          body: statusPage(statusJson(options.board), options.now()),
        };
      default:
        return {
          status: 404,
          type: TEXT,
          body: composed`there are /, /health, /ready, /status, /metrics and POST /snapshot\n`,
        };
    }
  };
  const server = createServer((request, response) => {
    reply(request).then(
      (answer) => send(request, response, answer),
      () => send(request, response, { status: 500, type: TEXT, body: composed`internal error\n` }),
    );
  });
  const address = await listen(server, options.address);
  return { address, close: () => close(server) };
}

/**
 * Listens at an address for a moment. An address in use is accepted: an agent that runs uses its own, and frees it for its next
 * configuration.
 *
 * @returns whether it is in use
 * @throws SnapshotError `ARGUMENT_INVALID` if an agent cannot listen there
 */
export async function isListenedAt(address: ListenAddress): Promise<boolean> {
  if (address.kind === "socket" && (await isSocket(address.path))) return true;
  const server = createServer();
  try {
    await listen(server, address);
  } catch (error) {
    const isUsed = error instanceof SnapshotError && systemCode(error.cause) === "EADDRINUSE";
    if (isUsed && address.kind === "port") return true;
    throw error;
  }
  await close(server);
  return false;
}

/** Only a program on this machine may request a snapshot, but not a page in a browser, which sends its origin. */
function takeSnapshot(request: IncomingMessage, { address, snapshot }: EndpointOptions): Reply {
  if (request.method !== "POST") return { status: 405, type: TEXT, body: composed`POST only\n` };
  // A missing address does not prove a unix socket: a connection that was reset has no address either.
  const { remoteAddress = "" } = request.socket;
  const isLocal = address.kind === "socket" || /^(127\.|::1$|::ffff:127\.)/.test(remoteAddress);
  if (!isLocal || request.headers.origin !== undefined) {
    return { status: 403, type: TEXT, body: composed`only from this machine\n` };
  }
  if (snapshot()) return { status: 202, type: TEXT, body: composed`a snapshot is taken\n` };
  return { status: 409, type: TEXT, body: composed`this agent does not lead\n` };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Reply): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Runs one check at a time; concurrent requests share it, and later ones reuse its result for a while. */
function cached(look: () => Promise<Health>, now: () => Date): () => Promise<Health> {
  interface Look {
    readonly health: Promise<Health>;
    endedAt?: number;
  }
  let last: Look | undefined;
  return () => {
    const isCurrent = last?.endedAt === undefined || Math.abs(now().getTime() - last.endedAt) <= HEALTH_FOR_MS;
    if (last !== undefined && isCurrent) return last.health;
    const own: Look = { health: look().finally(() => (own.endedAt = now().getTime())) };
    last = own;
    return own.health;
  };
}

/** @returns the address on which the server listens */
async function listen(server: Server, address: ListenAddress): Promise<string> {
  try {
    if (address.kind === "port") server.listen(address.port, address.host);
    else {
      // A killed agent left this socket.
      if (await isSocket(address.path)) await rm(address.path);
      server.listen(address.path);
    }
    await once(server, "listening");
    if (address.kind === "socket") await chmod(address.path, 0o600);
  } catch (error) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `http.address ${formatListenAddress(address)} cannot be used: ${systemCode(error) || "it cannot be listened at"}`,
      "Choose another address, and check that nothing else uses this one.",
      error,
    );
  }
  const bound = server.address();
  if (typeof bound !== "object" || bound === null) return formatListenAddress(address);
  return formatListenAddress({ kind: "port", host: bound.address, port: bound.port });
}

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSocket();
  } catch {
    return false;
  }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
