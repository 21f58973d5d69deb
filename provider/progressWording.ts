/** The sentences for progress in all front ends. */

import type { WorkEvent } from "./events";
import { type CleanText, sentence } from "./text";
import { megabytes, seconds } from "./units";

export function describeEvent(event: WorkEvent): CleanText {
  switch (event.phase) {
    case "queued":
      return event.address === undefined
        ? sentence`waiting for ${othersOf(event.running)}`
        : sentence`waiting for ${othersOf(event.running)} of ${event.address}`;
    case "connecting":
      return sentence`connecting to Consul: ${wholeSeconds(event.elapsedMs)}`;
    case "waitingForSnapshot":
      return sentence`waiting for Consul to write its snapshot: ${wholeSeconds(event.elapsedMs)}`;
    case "receiving":
      return sentence`${megabytes(event.done)} received, ${megabytes(event.rate)}/s`;
    case "saved":
      return sentence`${megabytes(event.done)} verified and saved in ${seconds(event.elapsedMs)}`;
    case "listingSeries":
      return sentence`retention: looking for the archives of this series`;
    case "verifyingKept":
      return sentence`retention: verified ${event.done} of ${event.total} archives that stay`;
    case "removing":
      return sentence`retention: removed ${event.done} of ${event.total}`;
    case "readingUnlisted":
      return sentence`reading ${event.location}, which has no manifest`;
    case "readingArchive":
      return sentence`reading ${event.location}`;
    case "verifyingArchive":
      return sentence`verifying the archive: ${megabytes(event.done)} of ${megabytes(event.total)}`;
    case "observingCluster":
      return sentence`observing the cluster`;
    case "readingCurrentState":
      return sentence`reading the current state`;
    case "reconnecting":
      return sentence`the connection ended before the archive was sent: connecting again`;
    case "sending":
      return sentence`restoring: ${megabytes(event.done)} of ${megabytes(event.total)} sent`;
    case "waitingForRestore":
      return sentence`waiting for Consul to restore: ${seconds(event.elapsedMs)}`;
    case "waitingUntilStable":
      return sentence`waiting for the cluster to become stable`;
    case "waitingForVoters":
      return sentence`waiting until all voters have the restored state`;
    case "readingBack":
      return sentence`reading the cluster back`;
    case "stillAsBefore":
      return sentence`the cluster is as it was before; observing whether it stays so`;
    case "rereadingArchive":
      return sentence`reading the archive to compare the cluster with it`;
    case "readingStateBefore":
      return sentence`reading the safety snapshot, to know the state before`;
    case "waitingForResult":
      return sentence`waiting for the result of the process that began this restore`;
    case "comparingRecords":
      return sentence`comparing records with the archive`;
    case "restored":
      return sentence`${event.adopted ? "was restored before" : "restored, and read back"}: ${event.outcome}`;
  }
}

function othersOf(running: number): string {
  return running === 1 ? "another snapshot" : `one of ${running} other snapshots`;
}

function wholeSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
