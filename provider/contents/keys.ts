/** Reads keys and values of the KV store in the form of Consul's API. */

import type { SeenRecord } from "../archive/reader";
import { KVS } from "../archive/recordTypes";
import { type Content, contentOf, isFields } from "../archive/state/normalForm";
import { SnapshotError } from "../errors";
import { cleanText } from "../text";
import type { ApiFields } from "./apiObjects";
import { type ArchiveSource, LONGEST_VALUE, madeOfRecords } from "./readRecords";
import { textOf } from "./content";

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  /** A 64-bit integer, in decimal digits. */
  readonly flags: string;
  /** The namespace in Consul Enterprise; empty for the default one. */
  readonly namespace: string;
  readonly partition: string;
  /** The session that locks the key; empty if none does. */
  readonly session: string;
  /** Raft indexes, and how often the key was locked; in decimal digits. */
  readonly createIndex: string;
  readonly modifyIndex: string;
  readonly lockIndex: string;
}

/**
 * @param isWanted - selects keys; the values of other keys are not decoded
 * @throws SnapshotError `ARCHIVE_TOO_LARGE` if a value is too large to be kept in memory
 */
function keyValueOf({ type, value }: SeenRecord, isWanted: (key: Buffer) => boolean): KeyValue | undefined {
  if (type !== KVS) return undefined;
  const fields = value && contentOf(type, value);
  if (!isFields(fields)) {
    throw new SnapshotError(
      "ARCHIVE_TOO_LARGE",
      `a key has a value of more than ${LONGEST_VALUE / 1024 ** 2} MiB, or one that cannot be read`,
      "Restore the archive into an empty cluster and read the value there.",
    );
  }
  const key = Buffer.from(textOf(fields["Key"]), "latin1");
  if (!isWanted(key)) return undefined;
  return {
    key,
    value: Buffer.from(textOf(fields["Value"]), "latin1"),
    flags: digitsOf(fields["Flags"]),
    namespace: textOf(fields["Namespace"]),
    partition: textOf(fields["Partition"]),
    session: textOf(fields["Session"]),
    createIndex: digitsOf(fields["CreateIndex"]),
    modifyIndex: digitsOf(fields["ModifyIndex"]),
    lockIndex: digitsOf(fields["LockIndex"]),
  };
}

function digitsOf(integer: Content | undefined): string {
  return typeof integer === "string" ? integer.replace(/^\+/, "") : "0";
}

/**
 * @param key - the whole key
 * @returns `undefined` if there is no such key
 * @throws SnapshotError `ARCHIVE_*`, `STATE_UNDECODABLE`, and what the source throws
 */
export async function getKey(source: ArchiveSource, key: string): Promise<KeyValue | undefined> {
  const wanted = Buffer.from(key);
  let found: KeyValue | undefined;
  const take = (record: SeenRecord): KeyValue | undefined => keyValueOf(record, (key) => key.equals(wanted));
  for await (const entry of madeOfRecords(source, take)) found = entry;
  return found;
}

/**
 * The entries of a record for `consul kv import`: one, or none if the record has another type or key.
 *
 * @param prefix - selects keys that begin with this
 * @throws SnapshotError `ARGUMENT_INVALID` for a key that is not UTF-8, which JSON cannot represent
 */
export function keyEntries(record: SeenRecord, prefix: string): readonly ApiFields[] {
  const wanted = Buffer.from(prefix);
  const found = keyValueOf(record, (key) => key.subarray(0, wanted.length).equals(wanted));
  if (found === undefined) return [];
  const { key, value, flags, namespace, partition } = found;
  const text = key.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(key)) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `the key ${cleanText(text)} is not UTF-8, and JSON cannot hold it`,
      "Export the keys beside it, by a prefix that it does not have.",
    );
  }
  return [
    {
      key: text,
      flags: BigInt(flags),
      value: value.toString("base64"),
      ...(namespace === "" ? {} : { namespace }),
      ...(partition === "" ? {} : { partition }),
    },
  ];
}
