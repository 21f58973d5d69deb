/** The entries of a folder. Reading can fail at any of them: a disk or a file server is gone, or the kernel refuses. */

import type { Dirent } from "node:fs";
import { opendir } from "node:fs/promises";
import { translated } from "./errors";

/** Number of names per read of a folder. */
const AT_ONCE = 256;

/** @throws SnapshotError `STORE_*`, `TARGET_INVALID` */
export async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(folder, { bufferSize: AT_ONCE });
  } catch (error) {
    throw translated(error, folder);
  }
}

/** The same as far as they can be read. */
export async function* readableEntriesOf(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* entriesOf(folder);
  } catch {
    // What is not seen now is left for a later run.
  }
}
