/**
 * The fields of a record that may be shown: never a secret of ACLs, of the CA or of peerings.
 * Hidden values are still compared.
 */

import { createHmac, hash, randomBytes } from "node:crypto";
import { isShown, typeName } from "../archive/recordTypeLookup";
import { type Content, isFields } from "../archive/state/normalForm";
import { configEntryOf, floatOf, readable, textOf } from "./content";
import { goTime } from "./goTime";

/** A value: text, or bytes that are not text; for a long value only its size and hash; for a secret one nothing. */
export type Shown =
  | string
  | number
  | boolean
  | null
  | { readonly base64: string }
  | { readonly bytes: number; readonly sha256: string }
  | { readonly hidden: true };

/** Values by the path of the field, such as `Sources[0].Name`. */
export type ShownFields = Readonly<Record<string, Stored>>;

/** A shown value, or for a hidden one a mark: within this process, equal values have equal marks. */
export type Stored = Exclude<Shown, { hidden: true }> | { readonly hidden: string };

/** Token secrets, tokens of prepared queries, certificate keys, and credentials in free-form settings. */
const SECRET_FIELD =
  /secret|token$|tokens$|password|passphrase|passwd|private.?key|signing.?key|credential|jwt$|jwks|api.?key|access.?key|authorization/i;
/** Headers of checks and of gateways contain credentials. */
const SECRET_WITHIN = /^(Definition|Header)$/;
/** The longest value that is shown, in bytes. */
const LONGEST = 4096;
/** Indexes and hashes that servers maintain; shown only if nothing else changed. */
const BOOKKEEPING = /^(CreateIndex|ModifyIndex|LockIndex|Hash|(Service|Check)\.(CreateIndex|ModifyIndex))$/;

const markKey = randomBytes(32);

/** @returns `undefined` if a type's fields are never shown */
export function storedFields(type: number, content: Content | undefined): ShownFields | undefined {
  if (content === undefined || !isShown(type)) return undefined;
  const fields: Record<string, Stored> = {};
  const isValueOf = typeName(type) === "KVS" || typeName(type) === "Tombstone";
  // For a configuration entry, only the entry itself.
  add(fields, "", configEntryOf(content)?.entry ?? content, false, isValueOf);
  return fields;
}

export interface FieldChange {
  readonly field: string;
  /** Absent if the field did not exist before. */
  readonly from?: Shown;
  /** Absent if the field no longer exists. */
  readonly to?: Shown;
}

/** The differences between two records; those of bookkeeping fields only if there are no others. */
export function changedFields(from: ShownFields, to: ShownFields): FieldChange[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  const changes = names.flatMap((field): FieldChange[] => {
    const [before, after] = [own(from, field), own(to, field)];
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    return [
      {
        field,
        ...(before === undefined ? {} : { from: shownValue(before) }),
        ...(after === undefined ? {} : { to: shownValue(after) }),
      },
    ];
  });
  const byUsers = changes.filter(({ field }) => !BOOKKEEPING.test(field));
  return byUsers.length === 0 ? changes : byUsers;
}

function own(fields: ShownFields, name: string): Stored | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function shownValue(value: Stored): Shown {
  return typeof value === "object" && value !== null && "hidden" in value ? { hidden: true } : value;
}

function add(fields: Record<string, Stored>, path: string, content: Content, isSecret: boolean, isKv: boolean): void {
  if (Array.isArray(content)) {
    (content as readonly Content[]).forEach((item, at) => add(fields, `${path}[${at}]`, item, isSecret, isKv));
    return;
  }
  if (isFields(content)) {
    for (const [name, value] of Object.entries(content)) {
      const inner = readable(name);
      // The value of a KV key is what the user asked for; the name of its field is always the same.
      const isHidden = isSecret || (!isKv && (SECRET_FIELD.test(inner) || SECRET_WITHIN.test(inner)));
      add(fields, path === "" ? inner : `${path}.${inner}`, value, isHidden, isKv);
    }
    return;
  }
  define(fields, path, isSecret ? { hidden: mark(content) } : leaf(content));
}

/** Sets a property, so that `__proto__` is a field like any other. */
function define(fields: Record<string, Stored>, path: string, value: Stored): void {
  Object.defineProperty(fields, path, { value, enumerable: true, configurable: true, writable: true });
}

function mark(content: Content): string {
  return createHmac("sha256", markKey).update(JSON.stringify(content)).digest("hex");
}

function leaf(content: Content): Stored {
  if (typeof content !== "string") return content as boolean | null;
  if (!content.startsWith('"')) return numberOf(content);
  const bytes = Buffer.from(textOf(content), "latin1");
  if (bytes.length > LONGEST) return { bytes: bytes.length, sha256: hash("sha256", bytes) };
  const time = goTime(bytes);
  if (time !== undefined) return time;
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) && !/[\p{Cc}]/u.test(text.replaceAll(/[\n\t]/g, ""))
    ? text
    : { base64: bytes.toString("base64") };
}

/** An exact integer, also beyond 2^53; a float decoded from its bytes. */
function numberOf(content: string): string | number {
  const float = floatOf(content);
  if (float !== undefined) return float;
  const value = Number(content);
  return Number.isSafeInteger(value) ? value : content.replace(/^\+/, "");
}
