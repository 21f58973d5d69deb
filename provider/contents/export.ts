/**
 * Exports records of an archive as one JSON document that Consul accepts, written piece by piece. The closing bracket is written
 * only after the whole archive has been verified, so the output for a truncated or invalid archive is not valid JSON.
 */

import type { SeenRecord } from "../archive/reader";
import { API_OBJECTS, apiObjectsOf, type Omissions } from "./apiObjects";
import { exactJson } from "./exactJson";
import { keyEntries } from "./keys";
import { type ArchiveSource, madeOfRecords } from "./readRecords";

export const EXPORTS = ["keys", ...API_OBJECTS] as const;
export type Exported = (typeof EXPORTS)[number];

export interface ExportSummary {
  readonly count: number;
  readonly omissions: Omissions;
}

/**
 * @param prefix - export only keys that begin with this
 * @returns at the end: the number of exported records, and what they lack
 * @throws SnapshotError `ARCHIVE_*`, `STATE_UNDECODABLE`, `ARGUMENT_INVALID` for a key that is not UTF-8, and what the
 *   source throws
 */
export async function* exportRecords(
  source: ArchiveSource,
  what: Exported,
  prefix: string,
): AsyncGenerator<string, ExportSummary> {
  const omissions: Omissions = { tokens: 0, sessions: 0 };
  let count = 0;
  const make = (record: SeenRecord): string | undefined => {
    const objects = what === "keys" ? keyEntries(record, prefix) : apiObjectsOf(what, record, omissions);
    if (objects.length === 0) return undefined;
    return objects.map((object) => `${count++ === 0 ? "[" : ","}\n\t${exactJson(object, "\t")}`).join("");
  };
  yield* madeOfRecords(source, make);
  yield count === 0 ? "[]\n" : "\n]\n";
  return { count, omissions };
}
