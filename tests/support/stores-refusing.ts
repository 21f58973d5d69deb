/** An HTTP proxy in front of a store's server: for answers of the real service that a test server does not give. */
import { createServer, request as ask, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { LOOPBACK } from "./ports";

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RefusingProxy {
  readonly port: number;
  /**
   * From now on: what to answer in the server's place; or to `cut` the connection, or to `hold` the request for ever.
   * `undefined` passes it on.
   */
  refuse(decide: (method: string, path: string) => Refusal | "cut" | "hold" | undefined): void;
  stop(): Promise<void>;
}

export async function startRefusingProxy(port: number): Promise<RefusingProxy> {
  let decide: Parameters<RefusingProxy["refuse"]>[0] = () => undefined;
  const server = createServer((request, response) => {
    const verdict = decide(request.method ?? "", pathOf(request));
    if (verdict === "cut") {
      request.socket.resetAndDestroy();
      return;
    }
    if (verdict === "hold") return;
    if (verdict !== undefined) {
      request.resume();
      response.writeHead(verdict.status, verdict.headers).end(verdict.body);
      return;
    }
    // The headers as they came: they are signed.
    const { method, url: path, rawHeaders } = request;
    const onward = ask({ host: LOOPBACK, port, method, path, headers: rawHeaders }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on("error", () => request.socket.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((listening) => server.listen(0, LOOPBACK, listening));
  return {
    port: (server.address() as AddressInfo).port,
    refuse: (next) => void (decide = next),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

/** Without the query, and readable. */
function pathOf({ url = "" }: IncomingMessage): string {
  return decodeURIComponent(url.replace(/\?.*$/s, ""));
}
