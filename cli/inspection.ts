/** What `consul snapshot inspect` prints, byte for byte, pretty and as JSON. */

import type { ArchiveReport } from "../provider/archive/reader";
import { inspectName } from "../provider/archive/recordTypes";
import { alignColumns } from "./columns";
import { byteSize, jsonString } from "./goText";

/** What of a report Consul prints. */
export type Inspected = Pick<ArchiveReport, "meta" | "state">;

interface Row {
  readonly name: Buffer;
  readonly count: number;
  readonly size: number;
}

export function printPretty(inspected: Inspected): Buffer {
  const { id, exact } = inspected.meta;
  const parts: (string | Buffer)[] = [
    ` ID\t${id}`,
    `\n Size\t${exact.size}`,
    `\n Index\t${exact.index}`,
    `\n Term\t${exact.term}`,
    `\n Version\t${exact.version}`,
    "\n",
    ...tableOf("Type", rowsOf(inspected)),
  ];
  const keys = keyRowsOf(inspected);
  if (keys.length > 0) parts.push("\n", ...tableOf("Key Name", keys));
  return alignColumns(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
}

function tableOf(head: string, rows: readonly Row[]): (string | Buffer)[] {
  const line = " ----\t----\t----";
  const total = rows.reduce((sum, { size }) => sum + size, 0);
  return [
    `\n ${head}\tCount\tSize\n${line}`,
    ...rows.flatMap(({ name, count, size }) => ["\n ", name, `\t${count}\t${byteSize(size)}`]),
    `\n${line}\n Total\t\t${byteSize(total)}`,
  ];
}

/** @param more - further members of the outermost object, as JSON */
export function printJson(inspected: Inspected, more: Readonly<Record<string, unknown>> = {}): string {
  const { id, exact } = inspected.meta;
  const rows = rowsOf(inspected);
  const keys = keyRowsOf(inspected);
  const total = (of: readonly Row[]): number => of.reduce((sum, { size }) => sum + size, 0);
  const members = [
    `"Meta": {
      "ID": ${jsonString(Buffer.from(id))},
      "Size": ${exact.size},
      "Index": ${exact.index},
      "Term": ${exact.term},
      "Version": ${exact.version}
   }`,
    `"Stats": ${jsonRows(rows)}`,
    `"StatsKV": ${keys.length === 0 ? "null" : jsonRows(keys)}`,
    `"TotalSize": ${total(rows)}`,
    `"TotalSizeKV": ${total(keys)}`,
    ...Object.entries(more).map(
      ([name, value]) => `"${name}": ${JSON.stringify(value, null, 3).replaceAll("\n", "\n   ")}`,
    ),
  ];
  return `{\n   ${members.join(",\n   ")}\n}`;
}

function jsonRows(rows: readonly Row[]): string {
  if (rows.length === 0) return "[]";
  const items = rows.map(
    ({ name, size, count }) => `      {
         "Name": ${jsonString(name)},
         "Sum": ${size},
         "Count": ${count}
      }`,
  );
  return `[\n${items.join(",\n")}\n   ]`;
}

function rowsOf({ state }: Inspected): Row[] {
  const rows = state.groups.map(({ code, count, size }) => ({ name: Buffer.from(inspectName(code)), count, size }));
  return rows.sort((one, other) => other.size - one.size || Buffer.compare(one.name, other.name));
}

function keyRowsOf({ state }: Inspected): Row[] {
  return (state.kv?.prefixes ?? []).map(({ bytes, count, size }) => ({ name: bytes, count, size }));
}
