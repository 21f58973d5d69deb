/** The command that restores the safety snapshot to its cluster. */

import { PROGRAM } from "../program";
import { shellWord } from "../shellWord";
import type { RestoreRequest } from "./request";

/**
 * Quoted for a shell. It contains no token; the operator provides it.
 *
 * @param location - of the safety snapshot
 */
export function rescueCommand(
  location: string,
  { connection, safetySnapshot }: Pick<RestoreRequest, "connection" | "safetySnapshot">,
): string {
  const isEncrypted = typeof safetySnapshot === "object" && safetySnapshot.recipients !== undefined;
  return [
    `${PROGRAM} restore ${shellWord(location)} --safety-snapshot none`,
    // Otherwise the command would use the address in its environment, which may be another cluster.
    `--http-addr ${shellWord(connection.url)}`,
    ...(connection.datacenter === undefined ? [] : [`--datacenter ${shellWord(connection.datacenter)}`]),
    ...(isEncrypted ? ["--identity FILE"] : []),
  ].join(" ");
}
