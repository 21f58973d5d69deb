/** Detects a new snapshot of another cluster than the one that it replaces, without such a change in the program. Pure. */

import { isList, isRecord, type Values } from "../../lifecycle";
import { shareServer } from "../../serverId";
import { same } from "../../values";

/**
 * The environment or DNS can lead to another cluster. Servers keep their Raft ids for life, so two clusters have none in common.
 *
 * @param replaced - the outputs of the replaced snapshot
 * @param saved - the outputs of the new one
 * @returns one sentence; `undefined` if no difference is known
 */
export function anotherCluster(replaced: Values, saved: Values): string | undefined {
  if (!same(replaced.connection, saved.connection)) return undefined;
  const before = serverIds(replaced);
  const now = serverIds(saved);
  if (before.length === 0 || now.length === 0 || shareServer(now, before)) return undefined;
  return (
    "this snapshot is of another cluster than the last one: they have no server in common. If that is not intended, check " +
    "CONSUL_HTTP_ADDR, the stack's configuration and DNS"
  );
}

function serverIds({ servers }: Values): string[] {
  if (!isList(servers)) return [];
  return servers.flatMap((server) => (isRecord(server) && typeof server.id === "string" ? [server.id] : []));
}
