/** The command that restores the safety snapshot to its cluster. */

import { programName } from "../program";
import { shellWord } from "../shellWord";
import type { RestoreRequest } from "./request";

/**
 * Quoted for a shell. It connects as the restore did, with the same files. It contains no secret: the operator provides a
 * token that is in no file, and whatever else the command has no option for.
 *
 * @param location - of the safety snapshot
 * @param server - the Raft id of a server of its cluster: if the address leads to another cluster by now, the
 * command is refused. Default: unknown
 */
export function rescueCommand(
  location: string,
  {
    connection,
    safetySnapshot,
    tokenAfterRestore,
  }: Pick<RestoreRequest, "connection" | "safetySnapshot" | "tokenAfterRestore">,
  server?: string,
): string {
  const isEncrypted = typeof safetySnapshot === "object" && safetySnapshot.recipients !== undefined;
  return [
    `${programName()} restore ${shellWord(location)} --safety-snapshot none`,
    // Otherwise the command would use the address in its environment, which may be another cluster.
    `--http-addr ${shellWord(connection.url)}`,
    ...(server === undefined ? [] : [`--cluster ${shellWord(server)}`]),
    ...connection.options
      // The restored cluster may not know this token, and the option would replace the one that the operator provides.
      .filter(({ name }) => name !== "tokenFile" || tokenAfterRestore === undefined)
      .map(({ option, value }) => `${option} ${shellWord(value)}`),
    ...(isEncrypted ? ["--identity FILE"] : []),
  ].join(" ");
}
