/**
 * A run's id. Two ids that look the same are treated as equal, because the id decides whether a cluster is restored
 * again.
 */

/** In Unicode normalization form C, without white space and invisible characters at either end. */
export function normalizeRunId(text: string): string {
  return text.normalize("NFC").replace(/^[\s\p{Cc}\p{Cf}]+|[\s\p{Cc}\p{Cf}]+$/gu, "");
}

/** Why a string is not a valid run id, as a sentence; `undefined` if it is valid. */
export function runIdProblem(text: string): string | undefined {
  return normalizeRunId(text) === "" ? "a run id has at least one visible character" : undefined;
}
