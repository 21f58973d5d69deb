/** A limit on how long a library may look for credentials: it may start a program, or ask a service, that never answers. */

import { SnapshotError } from "../errors";
import { Stall, unlessStalled } from "./stall";

const LIMIT_MS = 60_000;

/**
 * @param limitMs - Default: a minute
 * @throws SnapshotError `STORE_STALLED`, and what `find` throws
 */
export async function promptCredentials<T>(find: () => Promise<T>, limitMs = LIMIT_MS): Promise<T> {
  try {
    return await unlessStalled(limitMs, undefined, find);
  } catch (error) {
    if (!(error instanceof Stall)) throw error;
    throw new SnapshotError(
      "STORE_STALLED",
      `no credentials for the store were found within ${limitMs / 1000} s`,
      "Something that is asked for them does not answer: a program (credential_process, az, an executable source), a login server, or the machine's metadata service.",
      error,
    );
  }
}
