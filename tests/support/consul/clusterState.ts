/** What a cluster holds, to be compared before and after: the digest of its records by type. */

import { ArchiveReader } from "../../../provider/archive/reader";
import type { ConsulServer } from "./consul";

/** Without network coordinates nothing writes to a quiet cluster by itself. */
export const QUIET = { config: { disable_coordinates: true } } as const;

export interface ClusterState {
  /**
   * Without `Index`, whose counters Consul advances by itself: `connect-ca-builtin-serial` does when the CA signs the
   * server's own certificate, up to a second after the server serves (1.14.11).
   */
  readonly digests: Readonly<Record<string, string>>;
}

/** @param stale - asks this server, also without a leader */
export async function clusterState(server: ConsulServer, stale = false): Promise<ClusterState> {
  const response = await server.fetch(`/v1/snapshot${stale ? "?stale" : ""}`);
  if (!response.ok) throw new Error(`no snapshot: ${response.status} ${await response.text()}`);
  const reader = new ArchiveReader();
  await reader.write(Buffer.from(await response.arrayBuffer()));
  const { state } = await reader.end();
  const digests = state.groups.map(({ type, digest }) => [type, digest] as const);
  return { digests: Object.fromEntries(digests.filter(([type]) => type !== "Index")) };
}
