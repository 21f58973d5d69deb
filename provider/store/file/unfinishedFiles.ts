/**
 * The unfinished files of this process. They may contain all secrets of a cluster, so they are removed even if the
 * process exits early, because of a second signal or the time limit for cleanup.
 */

import { rmSync } from "node:fs";

const paths = new Set<string>();

export function addUnfinished(path: string): void {
  if (paths.size === 0) process.on("exit", removeAll);
  paths.add(path);
}

/** Unregisters a file that is complete or removed. */
export function dropUnfinished(path: string): void {
  paths.delete(path);
  if (paths.size === 0) process.off("exit", removeAll);
}

function removeAll(): void {
  for (const path of paths) {
    try {
      rmSync(path, { force: true });
    } catch {
      // The folder is no longer writable.
    }
  }
}
