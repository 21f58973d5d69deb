/** What running work reports. `wording.ts` makes sentences of it; metrics and JSON take it as it is. */

/**
 * One step of the work, or how far it has come. `done` and `total` are bytes, or archives when some are removed; `rate`
 * is bytes per second; text from outside, such as an address, is cleaned by those who show it.
 */
export type WorkEvent =
  /** Waits until fewer than `running` other snapshots are taken: of this `address`, or at all where there is none. */
  | { readonly phase: "queued"; readonly running: number; readonly address?: string }
  | { readonly phase: "connecting"; readonly elapsedMs: number }
  /** Connected; Consul sends the first byte after it has written its whole snapshot. */
  | { readonly phase: "waitingForSnapshot"; readonly elapsedMs: number }
  | { readonly phase: "receiving"; readonly done: number; readonly rate: number }
  | { readonly phase: "saved"; readonly done: number; readonly elapsedMs: number }
  | { readonly phase: "listingSeries" }
  /** Retention reads the archives that stay before it removes others. */
  | { readonly phase: "verifyingKept"; readonly done: number; readonly total: number }
  | { readonly phase: "removing"; readonly done: number; readonly total: number }
  | { readonly phase: "readingUnlisted"; readonly location: string }
  /** Reads what is in an archive, or in the cluster. */
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
  /** The cluster holds what it held before; it may still be restoring. */
  | { readonly phase: "stillAsBefore" }
  | { readonly phase: "rereadingArchive" }
  | { readonly phase: "comparingRecords" }
  | { readonly phase: "restored"; readonly outcome: string; readonly adopted: boolean };

export type Phase = WorkEvent["phase"];
