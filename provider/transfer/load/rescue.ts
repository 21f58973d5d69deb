/** The way back: the command that restores the safety snapshot to the very cluster that it is of. */

import type { RestoreRequest } from "./request";

/**
 * For a shell. It names no token: that is for whoever runs it to give.
 *
 * @param location - of the safety snapshot
 */
export function rescue(
  location: string,
  { connection, safetySnapshot }: Pick<RestoreRequest, "connection" | "safetySnapshot">,
): string {
  const isEncrypted = safetySnapshot !== false && safetySnapshot.recipients !== undefined;
  return [
    `npx consul-snapshot restore ${quoted(location)} --safety-snapshot none`,
    // Else the command would ask its environment, which may name another cluster.
    `--http-addr ${quoted(connection.url)}`,
    ...(connection.datacenter === undefined ? [] : [`--datacenter ${quoted(connection.datacenter)}`]),
    ...(isEncrypted ? ["--identity FILE"] : []),
  ].join(" ");
}

/** One word for a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
