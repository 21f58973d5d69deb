/** How long a restore waits for what. */

import type { Watching } from "./cluster";

export interface Patience {
  /** How the cluster is watched before anything is done. Default: 3 s at rest, which begin within 20 s. */
  readonly watching?: Watching;
  /** How long a cluster may take to have a leader and caught-up voters, in milliseconds. Default: 2 minutes. */
  readonly leaderMs?: number;
  /**
   * How long a cluster that is still as before is watched when the server may still be at it, in milliseconds. Default:
   * 20 s, and a second for each 4 MB of the archive.
   */
  readonly settleMs?: number;
}
