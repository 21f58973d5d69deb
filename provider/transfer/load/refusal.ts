/** A failure that leaves the cluster as it was, and says so. */

import { type ErrorCode, SnapshotError } from "../../errors";

export class NothingRestored extends SnapshotError {
  /**
   * @param code - `RESTORE_REFUSED`, or what keeps the archive from being restored
   * @param why - one sentence without its full stop
   */
  constructor(code: ErrorCode, why: string, hint: string, cause?: unknown) {
    super(code, `nothing was restored: ${why}`, hint, cause);
  }
}
