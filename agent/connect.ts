/** Resolves the connection of a configuration; messages call its settings by the agent's keys. */

import { type Connection, type ConnectionArgs, resolveConnection } from "../provider/consul/connection";
import { AGENT_VOCABULARY } from "./config/vocabulary";

/**
 * Reads token and certificate files immediately.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function connect(args: ConnectionArgs, env: NodeJS.ProcessEnv): Connection {
  return resolveConnection(args, { config: () => undefined, env, vocabulary: AGENT_VOCABULARY });
}
