/** Clients for a cluster whose tokens may be other ones after the restore. */

import { ConsulClient } from "../../consul/client";
import type { Connection } from "../../consul/connection";
import type { Reporter, RestoreRequest } from "./request";

export function clientFor(connection: Connection, reporter: Reporter): ConsulClient {
  return new ConsulClient(connection, { signal: reporter.signal, notice: (message) => reporter.info(message) });
}

/**
 * A client with the token that the cluster knows: `tokenAfterRestore` once the restore is done, the connection's as long
 * as it is not.
 *
 * @throws SnapshotError `CONSUL_*`, `INTERRUPTED`
 */
export async function knownClient(
  { connection, tokenAfterRestore }: RestoreRequest,
  reporter: Reporter,
): Promise<ConsulClient> {
  if (tokenAfterRestore !== undefined) {
    const afterwards = clientFor({ ...connection, token: tokenAfterRestore }, reporter);
    let isKnown = false;
    try {
      isKnown = await afterwards.knowsToken();
    } finally {
      if (!isKnown) await afterwards.close();
    }
    if (isKnown) return afterwards;
  }
  return clientFor(connection, reporter);
}
