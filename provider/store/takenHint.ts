/** The hint for a taken name: stores do not know how a front end spells `overwrite`. */

import { isCode, SnapshotError } from "../errors";

export const TAKEN_HINT = "An archive is never overwritten: use {random} or {timestamp} in the name.";

/**
 * Adds how to overwrite to the hint of a taken name, in the words of the front end. Other failures are returned
 * unchanged.
 *
 * @param how - such as "set overwrite: true"
 */
export function hintAtOverwriting(error: unknown, how: string): unknown {
  if (!isCode(error, "STORE_EXISTS") || error.hint !== TAKEN_HINT) return error;
  return new SnapshotError(error.code, error.message, TAKEN_HINT.replace(/\.$/, `, or ${how}.`), error);
}
