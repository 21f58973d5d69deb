/** The failure for a name that is taken. Stores do not know how a front end spells `overwrite`: it adds that itself. */

import { SnapshotError } from "../errors";

const ADVICE = "An archive is never overwritten: use {random} or {timestamp} in the name";

export class TakenName extends SnapshotError {
  /**
   * @param object - the location
   * @param how - how to overwrite it. Default: this is not mentioned
   */
  constructor(
    private readonly object: string,
    how?: string,
    cause?: unknown,
  ) {
    super(
      "STORE_EXISTS",
      `${object} already exists`,
      how === undefined ? `${ADVICE}.` : `${ADVICE}, or ${how}.`,
      cause,
    );
  }

  withOverwriting(how: string): TakenName {
    return new TakenName(this.object, how, this);
  }
}

/**
 * Adds to the failure for a taken name how to overwrite, in the words of the front end. Other failures are returned
 * unchanged.
 *
 * @param how - such as "set overwrite: true"
 */
export function hintAtOverwriting(error: unknown, how: string): unknown {
  return error instanceof TakenName ? error.withOverwriting(how) : error;
}
