/** What can be asked of plain values, wherever they come from. */

import { isList, isRecord, UNKNOWN, type Value, type Values } from "./lifecycle";

export { absentOrUnknown } from "./absent";

/** Whether anything in it, however deep, is not known yet. */
export function holdsUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (isList(value)) return value.some(holdsUnknown);
  return isRecord(value) && Object.values(value).some(holdsUnknown);
}

/** Deep equality; an absent property and one that is null are the same, as Pulumi's state may drop nulls. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b || (absent(a) && absent(b))) return true;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((value, at) => same(value, b[at]));
  if (isRecord(a) && isRecord(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
  }
  return false;
}

/** Without what is undefined: Pulumi fails a create whose outputs hold it, after the work is done. */
export function defined(values: { readonly [key: string]: Value | undefined }): Values {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

function absent(value: Value | undefined): value is undefined | null {
  return value === undefined || value === null;
}
