/** A server at the level of the socket, for what no real Consul can be made to do: stall, cut, lie. */

import { createServer, type Socket } from "node:net";
import { type Listening, listenOnLoopback } from "./listening";

export interface Asked {
  /** Method, path and query: `GET /v1/snapshot?stale=`. */
  readonly line: string;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface FaultyServer extends Listening {
  /** All requests so far. */
  readonly asked: readonly Asked[];
  /** Resolves when a client has connected. */
  connected(): Promise<Socket>;
}

/** The headers that Consul sends with a snapshot, save the one about its length. */
export function snapshotHead(): Record<string, string> {
  return {
    "Content-Type": "application/x-gzip",
    "X-Consul-Index": "1182",
    "X-Consul-KnownLeader": "true",
    "X-Consul-LastContact": "0",
  };
}

/** The beginning of a snapshot as Consul sends it; what follows are chunks. */
export const SNAPSHOT_HEAD = head(200, { ...snapshotHead(), "Transfer-Encoding": "chunked" });

export function head(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`;
}

/** A whole answer with a body. */
export function whole(status: number, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const length = String(Buffer.byteLength(body));
  return head(status, { "Content-Type": "text/plain; charset=utf-8", "Content-Length": length, ...headers }) + body;
}

export function chunk(bytes: Buffer | string): Buffer {
  const data = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]);
}

export const LAST_CHUNK = "0\r\n\r\n";

/** @param answer - called with each request that has come whole; `at` counts them from 0 */
export async function faultyServer(answer: (socket: Socket, asked: Asked, at: number) => void): Promise<FaultyServer> {
  const asked: Asked[] = [];
  let connected: (socket: Socket) => void;
  const connection = new Promise<Socket>((resolve) => (connected = resolve));
  const server = createServer((socket) => {
    connected(socket);
    // A client that gives up resets the connection, which is not for the server to complain about.
    socket.on("error", () => undefined);
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
        const request = parse(text.slice(0, end));
        text = text.slice(end + 4);
        asked.push(request);
        answer(socket, request, asked.length - 1);
      }
    });
  });
  return { ...(await listenOnLoopback(server)), asked, connected: () => connection };
}

function parse(request: string): Asked {
  const [first = "", ...lines] = request.split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { line: first.replace(/ HTTP\/1\.1$/, ""), headers: Object.fromEntries(headers) };
}
