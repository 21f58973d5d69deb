/** The Consul that a command talks to. */

import { type Connection, resolveConnection } from "../../provider/consul/connection";
import { CONNECTION_OPTIONS } from "../../provider/consul/settingsLookup";
import type { OptionValues } from "../description/option";
import { connectionArgs, type connectionOptions } from "../options/connection";

/**
 * @param env - sets what the options omit. Default: that of this process
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function connectionOf(
  options: OptionValues<typeof connectionOptions>,
  env: NodeJS.ProcessEnv = process.env,
): Connection {
  return resolveConnection(connectionArgs(options), { config: () => undefined, env, options: CONNECTION_OPTIONS });
}
