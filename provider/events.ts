/** The events that running work reports. `progressWording.ts` makes sentences of them; metrics and JSON use them unchanged. */

/**
 * One step of the work, or its progress. `done` and `total` are bytes, or numbers of archives when archives are removed; `rate`
 * is in bytes per second. Text from outside, such as an address, must be cleaned before it is shown.
 */
export type WorkEvent =
  /** Waits until fewer than `running` other snapshots are in progress: of this `address` or, without one, in all. */
  | { readonly phase: "queued"; readonly running: number; readonly address?: string }
  | { readonly phase: "connecting"; readonly elapsedMs: number }
  /** Connected; Consul sends the first byte after it has written its whole snapshot. */
  | { readonly phase: "waitingForSnapshot"; readonly elapsedMs: number }
  | { readonly phase: "receiving"; readonly done: number; readonly rate: number }
  | { readonly phase: "saved"; readonly done: number; readonly elapsedMs: number }
  | { readonly phase: "listingSeries" }
  /** Retention reads the archives that it keeps before it removes others. */
  | { readonly phase: "verifyingKept"; readonly done: number; readonly total: number }
  | { readonly phase: "removing"; readonly done: number; readonly total: number }
  | { readonly phase: "readingUnlisted"; readonly location: string }
  /** Reads the content of an archive or of the cluster. */
  | { readonly phase: "readingArchive"; readonly location: string }
  | { readonly phase: "verifyingArchive"; readonly done: number; readonly total: number }
  | { readonly phase: "observingCluster" }
  | { readonly phase: "readingCurrentState" }
  | { readonly phase: "reconnecting" }
  | { readonly phase: "sending"; readonly done: number; readonly total: number }
  | { readonly phase: "waitingForRestore"; readonly elapsedMs: number }
  | { readonly phase: "waitingUntilStable" }
  | { readonly phase: "waitingForVoters" }
  | { readonly phase: "readingBack" }
  /** The cluster's state is still the one from before; the restore may still be running. */
  | { readonly phase: "stillAsBefore" }
  | { readonly phase: "rereadingArchive" }
  | { readonly phase: "readingStateBefore" }
  /** Of another process that has begun the same restore. */
  | { readonly phase: "waitingForResult" }
  | { readonly phase: "comparingRecords" }
  | { readonly phase: "restored"; readonly outcome: string; readonly adopted: boolean };

export type Phase = WorkEvent["phase"];
