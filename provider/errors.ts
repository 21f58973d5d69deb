/**
 * The one error class of this package and its closed set of codes.
 *
 * A user sees `message` (what failed, and where) and `hint` (what to do about it), never a stack trace, a token or
 * a key. Scripts and runbooks search the output for a `code`: codes are added, never renamed.
 */

import { cleanLine, cleanMessage, type CleanLines, type CleanText, composed, onOneLine } from "./text";

export type ErrorCode =
  | "CONSUL_UNREACHABLE"
  | "CONSUL_NO_LEADER"
  | "CONSUL_DENIED"
  | "CONSUL_UNKNOWN_DATACENTER"
  | "CONSUL_TLS"
  | "CONSUL_TOO_STALE"
  | "CONSUL_STALLED"
  | "CONSUL_RESPONSE"
  | "ARCHIVE_NOT_GZIP"
  | "ARCHIVE_TRUNCATED"
  | "ARCHIVE_CHECKSUM"
  | "ARCHIVE_MALFORMED"
  | "ARCHIVE_TOO_LARGE"
  | "STATE_UNDECODABLE"
  | "STATE_UNKNOWN_RECORD"
  | "STORE_DENIED"
  | "STORE_EXISTS"
  | "STORE_NOT_FOUND"
  | "STORE_UNREACHABLE"
  | "STORE_STALLED"
  | "STORE_FULL"
  | "STORE_CHANGED"
  | "TARGET_INVALID"
  | "ARGUMENT_INVALID"
  | "DECRYPTION_FAILED"
  | "INTERRUPTED"
  | "RESTORE_REFUSED"
  | "RESTORE_UNCONFIRMED"
  | "RESTORE_WRONG";

export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
  readonly code: ErrorCode;
  /** The constructor cleans it, so it can be shown. */
  declare readonly message: CleanText;
  /** What the user can do now, in one sentence or two. */
  readonly hint: CleanText;
  /** What a program may want to know besides the code, such as the guards of a refused restore. Free of secrets. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  /**
   * @param code - one of the closed set
   * @param message - what failed and where, in one plain sentence, free of secrets
   * @param hint - what to do about it
   * @param cause - the error underneath, for a debugger; it is never printed
   * @param details - data for programs. Default: none
   */
  constructor(
    code: ErrorCode,
    message: string,
    hint: string,
    cause?: unknown,
    details?: Readonly<Record<string, unknown>>,
  ) {
    super(cleanLine(message), cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = cleanLine(hint);
    this.details = details;
  }
}

/** Whether an error is a `SnapshotError` with one of these codes. */
export function isCode(error: SnapshotError, ...codes: readonly ErrorCode[]): boolean;
export function isCode(error: unknown, ...codes: readonly ErrorCode[]): error is SnapshotError;
export function isCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return error instanceof SnapshotError && codes.includes(error.code);
}

/** The text a user reads: the message with its code, then the hint on a line of its own. */
export function explain(error: unknown): CleanLines {
  if (error instanceof SnapshotError) return composed`${error.message} (${cleanLine(error.code)})\n${error.hint}`;
  return cleanMessage(error instanceof Error ? error.message : String(error));
}

/** The same text in one line, for logs, metrics and checks. */
export function explainInOneLine(error: unknown): CleanText {
  return onOneLine(explain(error), ". ");
}

/** Whether a failure says that an archive is invalid, rather than that it could not be read. */
export function isInvalidArchive(error: unknown): error is SnapshotError {
  return error instanceof SnapshotError && /^(ARCHIVE|STATE)_/.test(error.code) && !isCode(error, "ARCHIVE_TOO_LARGE");
}
