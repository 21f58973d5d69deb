/** What identifies the content of a file without reading it. */

import type { BigIntStats } from "node:fs";

/** Changes whenever the bytes may have, and stays the same when the file is renamed. */
export function versionOf(stats: BigIntStats): string {
  return `${stats.ino}-${stats.size}-${stats.mtimeNs}`;
}
