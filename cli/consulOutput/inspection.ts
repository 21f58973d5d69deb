/** Prints what `consul snapshot inspect` prints, byte for byte, as text and as JSON. */

import type { ArchiveReport } from "../../provider/archive/reader";
import { typeName } from "../../provider/archive/recordTypeLookup";
import { alignColumns } from "./columns";
import { byteSize, jsonString } from "./goText";
import { gather } from "./growingBuffer";

/** The parts of a report that Consul prints. */
export type Inspected = Pick<ArchiveReport, "meta" | "state">;

interface Row {
  readonly name: Buffer;
  readonly count: number;
  readonly size: number;
}

/**
 * @param show - of the id and the keys
 * @param nameOf - of a type of record. Default: the newest names.
 */
export async function printPretty(
  inspected: Inspected,
  show: (bytes: Buffer) => Buffer,
  nameOf = typeName,
): Promise<Buffer> {
  return alignColumns(await gather(prettyPieces(inspected, show, nameOf)));
}

function* prettyPieces(
  inspected: Inspected,
  show: (bytes: Buffer) => Buffer,
  nameOf: (type: number) => string,
): Generator<string | Buffer> {
  const { id, exact } = inspected.meta;
  yield " ID\t";
  yield show(Buffer.from(id));
  yield `\n Size\t${exact.size}\n Index\t${exact.index}\n Term\t${exact.term}\n Version\t${exact.version}\n`;
  yield* tableOf("Type", rowsOf(inspected, nameOf));
  const keys = keyRowsOf(inspected);
  if (keys.length === 0) return;
  yield "\n";
  yield* tableOf("Key Name", keys, show);
}

function* tableOf(head: string, rows: readonly Row[], show = (bytes: Buffer) => bytes): Generator<string | Buffer> {
  const line = " ----\t----\t----";
  const total = rows.reduce((sum, { size }) => sum + size, 0);
  yield `\n ${head}\tCount\tSize\n${line}`;
  for (const { name, count, size } of rows) {
    yield "\n ";
    yield show(name);
    yield `\t${count}\t${byteSize(size)}`;
  }
  yield `\n${line}\n Total\t\t${byteSize(total)}`;
}

/**
 * @param more - further members of the outermost object, as JSON
 * @param show - what becomes of each piece of JSON
 * @param nameOf - of a type of record. Default: the newest names.
 */
export function printJson(
  inspected: Inspected,
  more: Readonly<Record<string, unknown>> = {},
  show = (json: string) => json,
  nameOf = typeName,
): Promise<Buffer> {
  function* shownPieces(): Generator<string> {
    for (const piece of jsonPieces(inspected, more, nameOf)) yield show(piece);
  }
  return gather(shownPieces());
}

function* jsonPieces(
  inspected: Inspected,
  more: Readonly<Record<string, unknown>>,
  nameOf: (type: number) => string,
): Generator<string> {
  const { id, exact } = inspected.meta;
  const rows = rowsOf(inspected, nameOf);
  const keys = keyRowsOf(inspected);
  const total = (of: readonly Row[]): number => of.reduce((sum, { size }) => sum + size, 0);
  yield `{
   "Meta": {
      "ID": ${jsonString(Buffer.from(id))},
      "Size": ${exact.size},
      "Index": ${exact.index},
      "Term": ${exact.term},
      "Version": ${exact.version}
   },
   "Stats": `;
  yield* rowPieces(rows);
  yield `,
   "StatsKV": `;
  if (keys.length === 0) yield "null";
  else yield* rowPieces(keys);
  yield `,
   "TotalSize": ${total(rows)},
   "TotalSizeKV": ${total(keys)}`;
  for (const [name, value] of Object.entries(more)) {
    yield `,\n   "${name}": ${JSON.stringify(value, null, 3).replaceAll("\n", "\n   ")}`;
  }
  yield "\n}";
}

function* rowPieces(rows: readonly Row[]): Generator<string> {
  for (const [i, { name, size, count }] of rows.entries()) {
    yield `${i === 0 ? "[\n" : ",\n"}      {
         "Name": ${jsonString(name)},
         "Sum": ${size},
         "Count": ${count}
      }`;
  }
  yield rows.length === 0 ? "[]" : "\n   ]";
}

function rowsOf({ state }: Inspected, nameOf: (type: number) => string): Row[] {
  const rows = state.groups.map(({ code, count, size }) => ({ name: Buffer.from(nameOf(code)), count, size }));
  return rows.sort((one, other) => other.size - one.size || Buffer.compare(one.name, other.name));
}

function keyRowsOf({ state }: Inspected): Row[] {
  return (state.kv?.prefixes ?? []).map(({ bytes, count, size }) => ({ name: bytes, count, size }));
}
