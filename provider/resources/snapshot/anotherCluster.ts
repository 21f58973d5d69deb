/** Whether a new snapshot is of another cluster than the one it replaces, though the program did not change that. Pure. */

import { isList, isRecord, type Values } from "../../lifecycle";
import { same } from "../../values";

/**
 * The environment and DNS can lead to another cluster. Servers keep their Raft ids for life, so two clusters share none.
 *
 * @param replaced - what state held of the last snapshot
 * @param saved - what it holds of the new one
 * @returns one sentence, or `undefined` where nothing is known to be wrong
 */
export function anotherCluster(replaced: Values, saved: Values): string | undefined {
  if (!same(replaced.connection, saved.connection)) return undefined;
  const before = serverIds(replaced);
  const now = serverIds(saved);
  if (before.length === 0 || now.length === 0 || now.some((id) => before.includes(id))) return undefined;
  return (
    "this snapshot is of another cluster than the last one: they have no server in common. If that is not intended, check " +
    "CONSUL_HTTP_ADDR, the stack's configuration and DNS"
  );
}

function serverIds({ servers }: Values): string[] {
  if (!isList(servers)) return [];
  return servers.flatMap((server) => (isRecord(server) && typeof server.id === "string" ? [server.id] : []));
}
