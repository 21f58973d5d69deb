/** Lookups of record types and configuration entry kinds in their table. */

import { CONFIG_ENTRY, NEWEST, RECORD_TYPES, type RecordType, type Writer } from "./recordTypes";
import { isBefore, type Version } from "./version";

/** The first type number of Consul Enterprise. */
const ENTERPRISE = 64;
/** The last type that `consul snapshot inspect` of 1.13.9 and 1.14.11 has a name for (tested). */
const LAST_NAMED_BY_1_14 = 40;

const typeRows = new Map<number, RecordType>();
const kindRows = new Map<string, RecordType>();
const byName = new Map<string, RecordType>();
for (const row of RECORD_TYPES) {
  // The first row of the configuration entry type describes the type, the others describe its kinds.
  if (typeRows.has(row.type)) kindRows.set(row.name, row);
  else {
    typeRows.set(row.type, row);
    byName.set(row.name, row);
  }
}

/** The rows of configuration entry kinds, by kind. */
export const KIND_ROWS: ReadonlyMap<string, RecordType> = kindRows;

export function typeName(type: number): string {
  return typeRows.get(type)?.name ?? `Unknown(${type})`;
}

/** The name that `consul snapshot inspect` of 1.13 and 1.14 prints for a type: later types have no name there. */
export function nameIn1_14(type: number): string {
  return type <= LAST_NAMED_BY_1_14 ? typeName(type) : `Unknown(${type})`;
}

/** The required form of a record's value; `undefined` for an unknown type or one that no Consul restores. */
export function bodyOf(type: number): string | undefined {
  return typeRows.get(type)?.body;
}

/**
 * The required form of a configuration entry; `undefined` if its fields are not checked.
 *
 * @param kind - as in a record; may be any string
 */
export function bodyOfKind(kind: string): string | undefined {
  return kindRows.get(kind)?.body;
}

/** Whether a difference between two records of a type shows their fields. */
export function isShown(type: number): boolean {
  return typeRows.get(type)?.shown === true;
}

/** Who writes records of a type. @param name - as printed by Consul; an unknown type counts as written by users */
export function writerOf(name: string): Writer {
  return byName.get(name)?.writer ?? "users";
}

/** The keys of a type's records that servers rewrite by themselves, if any. */
export function rewrittenKeysOf(type: number): readonly string[] | undefined {
  return typeRows.get(type)?.rewritten;
}

/** @param name - of a type, as printed by Consul */
export function indexTableOf(name: string): string | undefined {
  return byName.get(name)?.indexTable;
}

/** The name of the type that such records have after a restore, if it differs. */
export function restoredAs(type: number): string | undefined {
  return typeRows.get(type)?.restoredAs;
}

/**
 * The paths of the fields of a record that servers compute.
 *
 * @returns `undefined` for configuration entries, where it depends on the kind
 */
export function computedFieldsOf(type: number): readonly (readonly string[])[] {
  return typeRows.get(type)?.computed ?? [];
}

/**
 * The same for a configuration entry.
 *
 * @param kind - as in a record; may be any string
 * @returns `undefined` for an unknown kind
 */
export function computedFieldsOfKind(kind: string): readonly (readonly string[])[] | undefined {
  return kindRows.get(kind)?.computed;
}

/** @param name - of a type, as printed by Consul */
export function hasComputedFields(name: string): boolean {
  const row = byName.get(name);
  return row !== undefined && (row.computed !== undefined || row.type === CONFIG_ENTRY);
}

/**
 * Why a version does not restore a type, as the end of a sentence; `undefined` if it does.
 *
 * @param isEnterprise - whether it is Consul Enterprise
 */
export function whyNotRestored(type: number, version: Version, isEnterprise: boolean): string | undefined {
  if (type >= ENTERPRISE) return isEnterprise ? undefined : "which only Consul Enterprise restores";
  const row = typeRows.get(type);
  return row === undefined ? `which no Consul up to ${NEWEST.join(".")} restores` : whyNot(row, version, isEnterprise);
}

/**
 * The same for a configuration entry kind.
 *
 * @param kind - as in a record; may be any string
 */
export function whyKindNotRestored(kind: string, version: Version, isEnterprise: boolean): string | undefined {
  const row = kindRows.get(kind);
  if (row !== undefined) return whyNot(row, version, isEnterprise);
  // Consul Enterprise has kinds of its own.
  return isEnterprise ? undefined : `which no Community Edition up to ${NEWEST.join(".")} is known to have`;
}

function whyNot({ since, until, edition }: RecordType, version: Version, isEnterprise: boolean): string | undefined {
  if (since === undefined) return "which belongs in Raft's log and not in a snapshot";
  if (edition === "enterprise" && !isEnterprise) return "which only Consul Enterprise restores";
  if (isBefore(version, since)) return `which Consul knows since ${since.join(".")}`;
  if (until !== undefined && !isBefore(version, until))
    return `which Consul no longer restores since ${until.join(".")}`;
  return undefined;
}
