/** `/status`: the words of Vault's automated snapshots (sys/storage/raft/snapshot-auto/status), for each destination. */

import { writtenBy } from "../../provider/catalog/packageVersion";
import type { Board, DestinationStatus } from "../board";

export interface StatusJson {
  readonly version: string;
  readonly leader: boolean;
  readonly standby: boolean;
  readonly since: string;
  readonly started: string;
  readonly destinations: readonly DestinationJson[];
}

export interface DestinationJson {
  readonly name: string;
  readonly consecutive_errors: number;
  readonly last_snapshot_start: string | null;
  readonly last_snapshot_end: string | null;
  readonly last_snapshot_success: string | null;
  readonly last_snapshot_url: string | null;
  readonly last_snapshot_index: number | null;
  readonly last_snapshot_error: string | null;
  readonly last_snapshot_error_code: string | null;
  readonly next_snapshot_start: string | null;
}

export function statusJson(board: Board): StatusJson {
  return {
    version: writtenBy,
    leader: board.isLeader,
    standby: board.isStandby,
    since: board.since.toISOString(),
    started: board.startedAt.toISOString(),
    destinations: board.destinations.map((each) => destinationJson(each, board.isLeader)),
  };
}

function destinationJson(status: DestinationStatus, isLeader: boolean): DestinationJson {
  const { name, consecutiveErrors, lastStart, lastEnd, lastSuccess, lastManifest, lastError, nextStart } = status;
  const time = (date: Date | undefined): string | null => date?.toISOString() ?? null;
  return {
    name,
    consecutive_errors: consecutiveErrors,
    last_snapshot_start: time(lastStart),
    last_snapshot_end: time(lastEnd),
    last_snapshot_success: time(lastSuccess),
    last_snapshot_url: lastManifest?.location ?? null,
    last_snapshot_index: lastManifest?.index ?? null,
    last_snapshot_error: lastError?.message ?? null,
    last_snapshot_error_code: lastError?.code ?? null,
    // The leader's schedule is unknown to a standby agent.
    next_snapshot_start: isLeader ? time(nextStart) : null,
  };
}
