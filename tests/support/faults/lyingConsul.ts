/** A small HTTP server in Consul's place, for what no real server can be made to do: stall, cut, lie. */

import { createServer, type ServerResponse } from "node:http";
import { type Listening, listenOnLoopback } from "./listening";

export interface LyingConsul extends Listening {
  /** How many snapshots were asked for. */
  asked(): number;
}

/** @param answer - writes the response to a snapshot request, headers and all; `headers` are those of a real server */
export async function lyingConsul(
  answer: (response: ServerResponse, headers: Readonly<Record<string, string>>) => void,
): Promise<LyingConsul> {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/v1/agent/self") === true) {
      response.end(JSON.stringify({ Config: { Datacenter: "dc1", Version: "1.13.9", Server: true } }));
    } else if (request.url?.startsWith("/v1/snapshot") === true) {
      asked++;
      answer(response, {
        "content-type": "application/x-gzip",
        "x-consul-index": "1",
        "x-consul-knownleader": "true",
        "x-consul-lastcontact": "0",
      });
    } else {
      response.writeHead(404).end();
    }
  });
  return { ...(await listenOnLoopback(server)), asked: () => asked };
}
