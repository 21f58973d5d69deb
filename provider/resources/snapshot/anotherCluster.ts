/** Detects a new snapshot of another cluster than the one that it replaces. Pure. */

import { isList, isRecord, type Values } from "../../lifecycle";
import { shareServer } from "../../serverId";
import { same } from "../../values";

/**
 * Whether both are known, and of different clusters. Servers keep their Raft ids for life, so two clusters have none in common.
 *
 * @param replaced - the outputs of the replaced snapshot
 * @param saved - the outputs of the new one
 */
export function isOfAnotherCluster(replaced: Values, saved: Values): boolean {
  const [before, now] = [serverIds(replaced), serverIds(saved)];
  return before.length > 0 && now.length > 0 && !shareServer(now, before);
}

/**
 * What to say of a snapshot of another cluster: the environment or DNS can lead to one.
 *
 * @returns one sentence; `undefined` if the program itself names another cluster
 */
export function anotherCluster(replaced: Values, saved: Values): string | undefined {
  if (!same(replaced.connection, saved.connection)) return undefined;
  return (
    "this snapshot is of another cluster than the last one: they have no server in common. If that is not intended, check " +
    "CONSUL_HTTP_ADDR, the stack's configuration and DNS"
  );
}

function serverIds({ servers }: Values): string[] {
  if (!isList(servers)) return [];
  return servers.flatMap((server) => (isRecord(server) && typeof server.id === "string" ? [server.id] : []));
}
