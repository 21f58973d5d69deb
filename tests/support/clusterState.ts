/** What a cluster holds, to be compared before and after: its Raft index, and the digest of its records by type. */

import { ArchiveReader } from "../../provider/archive/reader";
import type { ConsulServer } from "./consul";

/** Without network coordinates nothing writes to a quiet cluster by itself. */
export const QUIET = { config: { disable_coordinates: true } } as const;

export interface ClusterState {
  readonly index: number;
  readonly digests: Readonly<Record<string, string>>;
}

/** @param stale - asks this server, also without a leader */
export async function clusterState(server: ConsulServer, stale = false): Promise<ClusterState> {
  const response = await server.fetch(`/v1/snapshot${stale ? "?stale" : ""}`);
  if (!response.ok) throw new Error(`no snapshot: ${response.status} ${await response.text()}`);
  const reader = new ArchiveReader();
  await reader.write(Buffer.from(await response.arrayBuffer()));
  const { meta, state } = await reader.end();
  return { index: meta.index, digests: Object.fromEntries(state.groups.map(({ type, digest }) => [type, digest])) };
}
