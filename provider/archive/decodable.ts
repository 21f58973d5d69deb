/** Whether the whole state of an archive can be decoded. If not, its reported contents are incomplete. */

import { SnapshotError } from "../errors";
import type { StateReport } from "./state/stateReader";

/** @throws SnapshotError `STATE_UNDECODABLE`; `consul snapshot inspect` fails on such archives, too */
export function requireDecodable(state: StateReport): void {
  const problem = state.undecodable ?? (state.kv === undefined ? undefined : state.keyless);
  if (problem === undefined) return;
  throw new SnapshotError(
    "STATE_UNDECODABLE",
    `state.bin cannot be decoded at byte ${problem.offset}: ${problem.message}`,
    "Do not restore this archive: a Consul server that tried would crash.",
  );
}
