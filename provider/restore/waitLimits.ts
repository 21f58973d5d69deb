/** Time limits of a restore. */

import type { ObservationLimits } from "./clusterObservation";

export interface WaitLimits {
  /** How the cluster is observed before the restore. Default: stable for 3 s, beginning within 20 s. */
  readonly observation?: ObservationLimits;
  /** Maximum time until the cluster has a leader and its voters have caught up, in milliseconds. Default: 2 minutes. */
  readonly leaderMs?: number;
  /**
   * How long an unchanged cluster is observed if the server may still be restoring, in milliseconds. Default: 20 s,
   * plus one second per 4 MB of the archive.
   */
  readonly unchangedMs?: number;
  /**
   * How long a restore that was interrupted while sending waits for the server, between two pieces and for its answer,
   * in milliseconds. Default: the connection's `idleTimeout` between pieces, and 15 minutes for the answer.
   */
  readonly interruptedMs?: number;
}

export function unchangedLimitMs({ unchangedMs }: WaitLimits, archiveSize: number): number {
  return unchangedMs ?? 20_000 + archiveSize / 4000;
}
