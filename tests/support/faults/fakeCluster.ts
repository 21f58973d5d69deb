/** A cluster of one server at the level of HTTP, of a version that cannot be run here: it holds what a test says it holds. */

import { createServer } from "node:http";
import { snapshotHead } from "./faultyServer";
import { type Listening, listenOnLoopback } from "./listening";

export interface FakeCluster extends Listening {
  /** What it holds from the next restore on, and how that ends. */
  afterRestore(state: Buffer, answer: Answer): void;
}

/**
 * A restore is confirmed, or its connection breaks, or the server dies of it; or it is refused, once all of the archive
 * has come, or before any of it is read; or it is refused, and so is all that follows.
 */
type Answer = "confirmed" | "broken" | "dead" | "refused" | "refused early" | "locked out";

/**
 * @param only - its server
 * @param state - an archive of what it holds
 */
export async function fakeCluster(
  version: string,
  only: { readonly id: string; readonly address: string },
  state: Buffer,
): Promise<FakeCluster> {
  const { id, address } = only;
  const server = { ID: id, Name: "server", Address: address, Leader: true, Voter: true };
  const health = { ...server, Healthy: true, SerfStatus: "alive", LastIndex: 1e9, Version: version };
  const answers: Readonly<Record<string, unknown>> = {
    "/v1/agent/self": { Config: { Datacenter: "dc1", Version: version, Server: true, NodeID: id } },
    "/v1/acl/token/self": {},
    "/v1/operator/autopilot/health": { Healthy: true, Servers: [health] },
    "/v1/operator/raft/configuration": { Servers: [server] },
    "/v1/status/leader": address,
    "/v1/status/peers": [address],
  };
  let current = state;
  let next: { readonly state: Buffer; readonly answer: Answer } | undefined;
  let isDead = false;
  let isLocked = false;
  const listening = await listenOnLoopback(
    createServer((request, response) => {
      const [path = ""] = (request.url ?? "").split("?");
      if (isDead) {
        request.socket.destroy();
        return;
      }
      const refuse = (): void => void response.writeHead(403).end("Permission denied");
      if (isLocked) {
        refuse();
        return;
      }
      if (path !== "/v1/snapshot") {
        const answer = answers[path];
        response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer));
        return;
      }
      if (request.method === "GET") {
        response.writeHead(200, snapshotHead()).end(current);
        return;
      }
      if (next?.answer === "refused early") {
        refuse();
        return;
      }
      request.resume().once("end", () => {
        current = next?.state ?? current;
        isLocked = next?.answer === "locked out";
        if (isLocked || next?.answer === "refused") {
          refuse();
          return;
        }
        isDead = next?.answer === "dead";
        if (isDead || next?.answer === "broken") request.socket.destroy();
        else response.end();
      });
    }),
  );
  return { ...listening, afterRestore: (then, answer) => void (next = { state: then, answer }) };
}
