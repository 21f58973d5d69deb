/** Resolves the host of a connection once, so that all later connections go to the same address. */

import { isIP } from "node:net";
import { interrupted, explainNetworkError } from "./failures";
import type { Connection } from "./connection";
import { type Attempt, ConnectError, connectTimeout, dial } from "./dialer";

/**
 * Resolves the host of a connection once and keeps the address that accepted a TCP connection. So even if the name has
 * several addresses or moves to another cluster, all later requests go to one address. Unix sockets and IP addresses are
 * returned unchanged.
 *
 * A proxy resolves the host itself. It may forward each request on one connection to another server, so it is asked for
 * a tunnel, also without TLS: what one connection leads to cannot change.
 *
 * TLS still checks the certificate against the name. Pin before the first request of a restore, and use the result for
 * every client of that restore.
 *
 * @throws SnapshotError `CONSUL_UNREACHABLE` if no address accepts connections within `connectTimeout`, `INTERRUPTED`
 */
export async function pinAddress(connection: Connection, signal: AbortSignal): Promise<Connection> {
  const { proxy } = connection;
  if (proxy !== undefined) return { ...connection, proxy: { ...proxy, tunnelsAlways: true } };
  const { hostname, port, protocol } = new URL(connection.origin);
  if (connection.socketPath !== undefined || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return connection;
  if (connection.hostAddress !== undefined) return connection;
  const tried: Attempt[] = [];
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(connectTimeout()), connection.connectTimeoutMs);
  try {
    const standard = protocol === "https:" ? 443 : 80;
    const socket = await dial(hostname, Number(port) || standard, tried, AbortSignal.any([signal, limit.signal]));
    const { remoteAddress } = socket;
    socket.destroy();
    return remoteAddress === undefined ? connection : { ...connection, hostAddress: remoteAddress };
  } catch (error) {
    if (signal.aborted) throw interrupted(signal.reason);
    throw explainNetworkError(connection, new ConnectError(error, tried)).error;
  } finally {
    clearTimeout(timer);
  }
}
