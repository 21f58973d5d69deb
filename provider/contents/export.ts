/**
 * Records of an archive as one JSON document that Consul takes, written piece by piece: its closing bracket comes only once
 * the whole archive has been verified, so what was cut short or is invalid is no JSON.
 */

import type { SeenRecord } from "../archive/reader";
import { escapeJson } from "../text";
import { API_OBJECTS, apiObjectsOf, type Omissions } from "./apiObjects";
import { keyEntries } from "./keys";
import { type ArchiveSource, madeOfRecords } from "./readRecords";

export const EXPORTS = ["keys", ...API_OBJECTS] as const;
export type Exported = (typeof EXPORTS)[number];

export interface ExportSummary {
  readonly count: number;
  readonly omissions: Omissions;
}

/**
 * @param prefix - of keys
 * @returns at the end: how many there are, and what was left out of them
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
    return objects.map((object) => `${count++ === 0 ? "[" : ","}\n\t${jsonOf(object, "\t")}`).join("");
  };
  yield* madeOfRecords(source, make);
  yield count === 0 ? "[]\n" : "\n]\n";
  return { count, omissions };
}

/** As JSON.stringify with tabs, which cannot write integers of 64 bits. */
function jsonOf(value: unknown, indent: string): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return escapeJson(JSON.stringify(value));
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => jsonOf(item, `${indent}\t`))
    : Object.entries(value).map(
        ([name, item]) => `${escapeJson(JSON.stringify(name))}: ${jsonOf(item, `${indent}\t`)}`,
      );
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return open + close;
  return `${open}\n${indent}\t${items.join(`,\n${indent}\t`)}\n${indent}${close}`;
}
