/** Listings of a restore: an interruption ends them at once, although a store may not answer. */

import { untilAborted } from "../abort";
import { SnapshotError } from "../errors";
import type { Store, StoredObject } from "../store/store";

/** @throws SnapshotError `STORE_*`, `INTERRUPTED` */
export async function* listObjects(store: Store, prefix: string, signal: AbortSignal): AsyncGenerator<StoredObject> {
  try {
    yield* untilAborted(store.list(prefix), signal);
  } catch (error) {
    if (!signal.aborted || error instanceof SnapshotError) throw error;
    throw new SnapshotError("INTERRUPTED", "the restore was interrupted", "Run it again.", error);
  }
}
