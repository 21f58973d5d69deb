/**
 * The fields of a record that may be shown: never a secret of ACLs, of the CA or of peerings.
 * Fields whose values are hidden are still compared.
 */

import { createHmac, hash, randomBytes } from "node:crypto";
import { typeName } from "../archive/recordTypes";
import { type Content, isFields } from "../archive/state/normalForm";
import { configEntryOf, floatOf, readable, textOf } from "./content";
import { goTime } from "./goTime";

/** A value: text, or bytes that are none; of a long one only its size and hash; of a secret one nothing. */
export type Shown =
  | string
  | number
  | boolean
  | null
  | { readonly base64: string }
  | { readonly bytes: number; readonly sha256: string }
  | { readonly hidden: true };

/** By the path of the field, such as `Sources[0].Name`. */
export type ShownFields = Readonly<Record<string, Stored>>;

/** A shown value; of a hidden one a mark that is the same for the same value, in this process only. */
export type Stored = Exclude<Shown, { hidden: true }> | { readonly hidden: string };

/** The types whose fields are shown at all. What is not known here may hold anything. */
const SHOWN_TYPES: ReadonlySet<string> = new Set([
  "Register",
  "KVS",
  "Session",
  "Tombstone",
  "PreparedQuery",
  "Autopilot",
  "Intention",
  "ACLToken",
  "ACLPolicy",
  "ACLRole",
  "ACLBindingRule",
  "ACLAuthMethod",
  "ConfigEntry",
  "FederationState",
  "ServiceVirtualIP",
  "Index",
]);

/** The secret of a token, the token of a prepared query, keys of certificates, credentials in free-form settings. */
const SECRET_FIELD =
  /secret|token$|tokens$|password|passphrase|passwd|private.?key|signing.?key|credential|jwt$|jwks|api.?key|access.?key|authorization/i;
/** Headers of checks and of gateways hold credentials. */
const SECRET_WITHIN = /^(Definition|Header)$/;
/** Values that are longer are not shown, in bytes. */
const LONGEST = 4096;
/** What Raft and servers count; shown only where nothing else changed. */
const BOOKKEEPING = /^(CreateIndex|ModifyIndex|LockIndex|Hash|(Service|Check)\.(CreateIndex|ModifyIndex))$/;

const markKey = randomBytes(32);

/** @returns nothing where a type's fields are never shown */
export function storedFields(type: number, content: Content | undefined): ShownFields | undefined {
  if (content === undefined || !SHOWN_TYPES.has(typeName(type))) return undefined;
  const fields: Record<string, Stored> = {};
  const isValueOf = typeName(type) === "KVS" || typeName(type) === "Tombstone";
  // Of a configuration entry only the entry.
  add(fields, "", configEntryOf(content)?.entry ?? content, false, isValueOf);
  return fields;
}

export interface FieldChange {
  readonly field: string;
  /** Absent where the field was not there. */
  readonly from?: Shown;
  /** Absent where the field is no longer there. */
  readonly to?: Shown;
}

/** What differs between two records; of bookkeeping only where nothing else does. */
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
      // The value of a key is what was asked for; its own name says nothing.
      const isHidden = isSecret || (!isKv && (SECRET_FIELD.test(inner) || SECRET_WITHIN.test(inner)));
      add(fields, path === "" ? inner : `${path}.${inner}`, value, isHidden, isKv);
    }
    return;
  }
  define(fields, path, isSecret ? { hidden: mark(content) } : leaf(content));
}

/** Also `__proto__` is a field like any other. */
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

/** An integer as it is, also beyond 2^53; a float from its bytes. */
function numberOf(content: string): string | number {
  const float = floatOf(content);
  if (float !== undefined) return float;
  const value = Number(content);
  return Number.isSafeInteger(value) ? value : content.replace(/^\+/, "");
}
