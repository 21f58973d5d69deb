/** A TCP balancer: one address, and behind it the server that is chosen for each new connection. */

import { connect, createServer, type Socket } from "node:net";
import { type Listening, listenOnLoopback } from "./listening";

export interface Balancer extends Listening {
  /** From the next connection on; connections that are open stay, unless `cut`. */
  lead(choose: (connection: number) => string, cut?: boolean): void;
}

/** @param choose - gives `host:port` for each connection, counted from 0 */
export async function startBalancer(choose: (connection: number) => string): Promise<Balancer> {
  let chosen = choose;
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const [host = "", port] = chosen(connections++).split(":");
    const upstream = connect(Number(port), host);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  return {
    ...(await listenOnLoopback(server)),
    lead(next, cut = false) {
      chosen = next;
      if (cut) for (const socket of open) socket.destroy();
    },
  };
}
