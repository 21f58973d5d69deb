/** The connection of a command to Consul. */

import { type Connection, resolveConnection } from "../../provider/consul/connection";
import type { OptionTable, OptionValues } from "../description/option";
import { connectionArgs, type connectionOptions } from "../options/connection";
import { commandVocabulary } from "../options/vocabulary";

/**
 * @param table - all options of the command, which messages may name
 * @param env - sets what the options omit. Default: that of this process
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function connectionOf(
  options: OptionValues<typeof connectionOptions>,
  table: OptionTable,
  env: NodeJS.ProcessEnv = process.env,
): Connection {
  const vocabulary = commandVocabulary(table);
  return resolveConnection(connectionArgs(options), { config: () => undefined, env, vocabulary });
}
