/**
 * The one error class of this package and its closed set of codes.
 *
 * A user sees `message` (what failed, and where) and `hint` (what to do about it), never a stack trace, a token or
 * a key. Scripts and runbooks look for a `code` in what is printed: codes are added, never renamed.
 */

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
  /** What the user can do now, in one sentence or two. */
  readonly hint: string;

  /**
   * @param code - one of the closed set
   * @param message - what failed and where, in one plain sentence, free of secrets
   * @param hint - what to do about it
   * @param cause - the error underneath, for a debugger; it is never printed
   */
  constructor(code: ErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}

/** The text a user reads: the message with its code, then the hint on a line of its own. */
export function explain(error: unknown): string {
  if (error instanceof SnapshotError) return `${error.message} (${error.code})\n${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
