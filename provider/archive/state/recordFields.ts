/** Reads single fields of records: the Raft index of the last write (`ModifyIndex`), the key, and the table of an `Index` record. */

import { CONFIG_ENTRY } from "../recordTypes";
import { Head, integerOf, isMap, isRaw, isUnsigned } from "./head";
import { type Content, contentOf, isFields } from "./normalForm";
import { Scanner } from "./scanner";

const modifyIndex = new Scanner(Buffer.from("ModifyIndex"));
const key = new Scanner(Buffer.from("Key"));
const tableIndex = new Scanner(Buffer.from("Value"));

const MODIFY_INDEX = Buffer.from("\xabModifyIndex", "latin1");

/**
 * The Raft index of a record's last write.
 *
 * @param value - of a record that the walker has decoded
 * @returns `undefined` if the record has no such index in a known form
 */
export function modifiedAt(type: number, value: Buffer): number | undefined {
  return type === CONFIG_ENTRY ? modifiedWithin(value) : numberOf(modifyIndex, value);
}

/**
 * The last write to a table, as stored in an `Index` record.
 *
 * @returns the table's name and the index
 */
export function tableOf(value: Buffer): readonly [string, number] | undefined {
  const index = numberOf(tableIndex, value);
  if (index === undefined || key.scan(value, 0) < 0) return undefined;
  return [value.toString("utf8", key.foundFrom, key.foundTo), index];
}

/**
 * The key of an entry of the key-value store, or of its tombstone.
 *
 * @returns the key, one character per byte
 */
export function keyOf(value: Buffer): string | undefined {
  const descriptor = value[0];
  if (descriptor === undefined || !isMap(descriptor) || key.scan(value, 0) < 0 || key.found < 0) return undefined;
  return isRaw(key.found) ? value.toString("latin1", key.foundFrom, key.foundTo) : undefined;
}

/**
 * What identifies a configuration entry: its kind and name, and with Consul Enterprise its partition and namespace.
 *
 * @returns `undefined` if its content cannot be read
 */
export function configEntryName(value: Buffer): string | undefined {
  const content = contentOf(CONFIG_ENTRY, value);
  const [kind, request] = Array.isArray(content) ? (content as readonly Content[]) : [];
  const entry = isFields(request) ? request["Entry"] : undefined;
  if (!isFields(entry)) return undefined;
  return JSON.stringify([kind, entry["Name"], entry["Partition"], entry["Namespace"]]);
}

function numberOf(scanner: Scanner, value: Buffer): number | undefined {
  const descriptor = value[0];
  if (descriptor === undefined || !isMap(descriptor) || scanner.scan(value, 0) < 0) return undefined;
  return scanner.found < 0 ? undefined : unsignedAt(value, scanner.foundAt);
}

/**
 * A configuration entry is a byte string that contains its kind and its request, with the entry nested in it. For every kind,
 * its own index is the highest one in these bytes.
 */
function modifiedWithin(value: Buffer): number | undefined {
  if (value[0] === undefined || !isRaw(value[0])) return undefined;
  let highest: number | undefined;
  for (let at = value.indexOf(MODIFY_INDEX); at >= 0; at = value.indexOf(MODIFY_INDEX, at + 1)) {
    const index = unsignedAt(value, at + MODIFY_INDEX.length);
    if (index !== undefined && (highest === undefined || index > highest)) highest = index;
  }
  return highest;
}

const head = new Head();

/** Indexes stay far below 2^53. */
function unsignedAt(buffer: Buffer, at: number): number | undefined {
  const descriptor = buffer[at];
  if (descriptor === undefined || !isUnsigned(descriptor) || !head.tryRead(buffer, at)) return undefined;
  return head.end <= buffer.length ? Number(integerOf(head, buffer)) : undefined;
}
