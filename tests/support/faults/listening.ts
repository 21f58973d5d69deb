/** What all servers of these tests do alike: they listen on a free port of loopback, and end with their connections. */

import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Server, Socket } from "node:net";
import { LOOPBACK } from "../programs/ports";

export interface Listening {
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** Breaks all connections, and ends the server. */
  stop(): Promise<void>;
}

export async function listenOnLoopback(server: Server | HttpServer): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => server.listen(0, LOOPBACK, listening));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `${LOOPBACK}:${port}`,
    async stop() {
      if (!server.listening) return;
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
