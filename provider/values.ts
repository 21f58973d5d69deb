/** Inspects and compares plain values. */

import { isList, isRecord, UNKNOWN, type Value, type Values } from "./lifecycle";

/** Whether the value or anything nested in it is unknown. */
export function holdsUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (isList(value)) return value.some(holdsUnknown);
  return isRecord(value) && Object.values(value).some(holdsUnknown);
}

/** Deep equality; an absent property equals one that is null, because Pulumi's state may drop nulls. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b || (absent(a) && absent(b))) return true;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((value, at) => same(value, b[at]));
  if (isRecord(a) && isRecord(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
  }
  return false;
}

/** Drops undefined values: Pulumi would fail a create whose outputs contain one, after the work is done. */
export function defined(values: { readonly [key: string]: Value | undefined }): Values {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

function absent(value: Value | undefined): value is undefined | null {
  return value === undefined || value === null;
}
