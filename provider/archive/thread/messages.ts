/** The messages between a reader's thread and the thread that feeds it. */

import { type ErrorCode, SnapshotError } from "../../errors";
import type { ArchiveLimits } from "../limits";
import type { SnapshotMeta } from "../meta";
import type { ArchiveReport } from "../reader";
import type { KvOptions } from "../state/prefixes";

/** The options that can be sent to another thread: all except functions. */
export interface ThreadOptions {
  readonly limits?: Partial<ArchiveLimits>;
  readonly kv?: KvOptions;
}

/** Size of each slot in the shared memory. */
export const SLOT_BYTES = 1024 * 1024;

/** The initial data of a thread. */
export interface ThreadData extends ThreadOptions {
  readonly memory: SharedArrayBuffer;
}

/** An order: read the bytes of a slot, answer when all slots are read, or end and judge the archive. */
export type Order = { readonly slot: number; readonly bytes: number } | "idle" | "end";

export type Answer =
  | { readonly kind: "started" }
  /** The slot's bytes were read: it can be filled again. */
  | { readonly kind: "free"; readonly slot: number }
  | { readonly kind: "idle" }
  | { readonly kind: "meta"; readonly meta: SnapshotMeta }
  | { readonly kind: "report"; readonly report: ArchiveReport }
  | { readonly kind: "failure"; readonly failure: SentFailure };

/** An error as a message: between threads, an error loses its class and everything except name and message. */
export interface SentFailure {
  readonly message: string;
  /** The code of a `SnapshotError`. */
  readonly code?: ErrorCode;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The message of the error underneath. */
  readonly cause?: string;
}

export function failureToSend(error: unknown): SentFailure {
  if (!(error instanceof SnapshotError)) return { message: error instanceof Error ? error.message : String(error) };
  const { message, code, hint, details, cause } = error;
  return {
    message,
    code,
    hint,
    ...(details === undefined ? {} : { details }),
    ...(cause instanceof Error ? { cause: cause.message } : {}),
  };
}

export function receivedFailure({ message, code, hint = "", details, cause }: SentFailure): Error {
  if (code === undefined) return new Error(message);
  return new SnapshotError(code, message, hint, cause === undefined ? undefined : new Error(cause), details);
}

/** Restores the Buffers of a report: between threads, a Buffer becomes a plain array of bytes. */
export function receivedReport(report: ArchiveReport): ArchiveReport {
  const { kv } = report.state;
  if (kv === undefined) return report;
  const prefixes = kv.prefixes.map((prefix) => ({ ...prefix, bytes: Buffer.from(prefix.bytes) }));
  return { ...report, state: { ...report.state, kv: { ...kv, prefixes } } };
}
