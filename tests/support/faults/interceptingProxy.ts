/** A proxy that leads connections to names of the internet to a server here, which has a certificate for them. */

import { createServer } from "node:http";
import { connect } from "node:net";
import { type Listening, listenOnLoopback } from "./listening";
import { LOOPBACK } from "../programs/ports";

export interface InterceptingProxy extends Listening {
  /** `host:port` of each connection that was asked for. */
  readonly asked: readonly string[];
}

/** @param ports - of the servers here, by the name that a client asks for; any other name is refused */
export async function interceptingProxy(ports: Readonly<Record<string, number>>): Promise<InterceptingProxy> {
  const asked: string[] = [];
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request, client) => {
    const place = request.url ?? "";
    asked.push(place);
    const port = ports[place.replace(/:443$/, "")];
    client.on("error", () => undefined);
    if (port === undefined) {
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const behind = connect(port, LOOPBACK, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      behind.pipe(client).pipe(behind);
    });
    behind.on("error", () => client.destroy());
  });
  return { ...(await listenOnLoopback(server)), asked };
}
