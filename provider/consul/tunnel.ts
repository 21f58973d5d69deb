/** A tunnel through an HTTP proxy: the proxy connects to the host and forwards all bytes. */

import { request } from "node:http";
import type { Socket } from "node:net";
import type { Proxy } from "./proxy";

/** The error code if a proxy refuses a tunnel. */
export const TUNNEL_REFUSED = "PROXY_REFUSED";

export interface TunnelRefusal extends Error {
  readonly code: typeof TUNNEL_REFUSED;
  readonly status: number;
}

/**
 * @param socket - connected to the proxy; destroyed if the tunnel is refused
 * @throws TunnelRefusal, the socket's errors, or the signal's reason
 */
export function openTunnel(
  socket: Socket,
  { authorization }: Proxy,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy();
      reject(signal.aborted ? (signal.reason as Error) : error);
    };
    const refuse = (status: number): void => {
      fail(Object.assign(new Error(`status ${status}`), { code: TUNNEL_REFUSED, status }));
    };
    const asked = request({
      method: "CONNECT",
      path: target,
      headers: { Host: target, ...(authorization === undefined ? {} : { "Proxy-Authorization": authorization }) },
      createConnection: () => socket,
      signal,
    });
    asked.once("error", fail);
    asked.once("response", ({ statusCode = 0 }) => refuse(statusCode));
    asked.once("connect", ({ statusCode = 0 }, tunnel: Socket, rest: Buffer) => {
      if (statusCode !== 200) {
        refuse(statusCode);
        return;
      }
      if (rest.length > 0) tunnel.unshift(rest);
      resolve(tunnel);
    });
    asked.end();
  });
}
