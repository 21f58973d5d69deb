/** The connection of a configuration, as messages of the agent call its settings. */

import { type Connection, type ConnectionArgs, resolveConnection } from "../provider/consul/connection";
import { AGENT_VOCABULARY } from "./config/vocabulary";

/**
 * Token and certificate files are read now.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function connect(args: ConnectionArgs, env: NodeJS.ProcessEnv): Connection {
  return resolveConnection(args, { config: () => undefined, env, vocabulary: AGENT_VOCABULARY });
}
