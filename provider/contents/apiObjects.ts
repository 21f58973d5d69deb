/**
 * Converts records to the JSON objects with which Consul's API creates the same objects again, without the fields that a server
 * assigns (ids, indexes, hashes, times), and without secrets. Each kind was written back to real servers.
 */

import type { SeenRecord } from "../archive/reader";
import { typeName } from "../archive/recordTypeLookup";
import { type Content, type Fields, isFields, wholeContentOf } from "../archive/state/normalForm";
import { SnapshotError } from "../errors";
import { configEntryOf, floatOf, readable, textOf } from "./content";

/** The kinds of objects that can be exported besides keys. */
export const API_OBJECTS = ["acl-policies", "config-entries", "intentions", "prepared-queries"] as const;
export type ApiObjects = (typeof API_OBJECTS)[number];

/** JSON with 64-bit integers. */
export type ApiValue = null | boolean | number | bigint | string | readonly ApiValue[] | ApiFields;
export interface ApiFields {
  readonly [key: string]: ApiValue;
}

/** What exported objects lack, for a warning. */
export interface Omissions {
  /** Number of prepared queries with a token, which is a secret, or with a session, which does not survive a restore. */
  tokens: number;
  sessions: number;
}

/** The prefix of the ids of built-in policies, which every cluster has. */
const BUILT_IN = "00000000-0000-0000-0000-0000000000";
/** Fields that servers assign, in objects of every kind. */
const BY_SERVERS = /^(CreateIndex|ModifyIndex|Hash|Status|Precedence|Legacy.*)$/;
/** Kinds of configuration entries that only servers write. */
const COMPUTED_KINDS: readonly string[] = ["bound-api-gateway"];

/** @returns the objects of a record: one or none, or for a service the intentions of each source */
export function apiObjectsOf(what: ApiObjects, record: SeenRecord, omissions: Omissions): readonly ApiFields[] {
  const type = typeName(record.type);
  switch (what) {
    case "acl-policies":
      return type === "ACLPolicy" ? aclPolicy(fieldsOf(record)) : [];
    case "config-entries":
      return type === "ConfigEntry" ? configEntry(record) : [];
    case "intentions":
      if (type === "Intention") return [legacyIntention(fieldsOf(record))];
      return type === "ConfigEntry" ? intentionsOf(record) : [];
    case "prepared-queries":
      return type === "PreparedQuery" ? [preparedQuery(fieldsOf(record), omissions)] : [];
  }
}

function aclPolicy(policy: Fields): readonly ApiFields[] {
  if (textOf(policy["ID"]).startsWith(BUILT_IN)) return [];
  return [picked(policy, ["Name", "Description", "Rules", "Datacenters", "Namespace", "Partition"])];
}

function configEntry(record: SeenRecord): readonly ApiFields[] {
  const { kind, entry } = entryOf(record);
  if (COMPUTED_KINDS.includes(kind)) return [];
  // Entries of the kinds mesh and exported-services do not contain their kind.
  return [{ Kind: kind, ...withoutServers(kind, entry) }];
}

/** Removes server-assigned fields, but only on the levels where servers write them: a header or a label may have any name. */
function withoutServers(kind: string, entry: Fields): ApiFields {
  const fields = own(entry);
  if (kind !== "service-intentions" || !Array.isArray(entry["Sources"])) return fields;
  const sources = (entry["Sources"] as readonly Content[]).map((source) => (isFields(source) ? own(source) : null));
  return { ...fields, Sources: sources };
}

function own(fields: Fields): ApiFields {
  const kept = Object.entries(fields).filter(([name]) => !BY_SERVERS.test(name) && name !== "Kind");
  return Object.fromEntries(kept.map(([name, value]) => [readable(name), apiValue(value)]));
}

function intentionsOf(record: SeenRecord): readonly ApiFields[] {
  const { kind, entry } = entryOf(record);
  if (kind !== "service-intentions" || !Array.isArray(entry["Sources"])) return [];
  const destination = apiValue(entry["Name"] ?? null);
  return (entry["Sources"] as readonly Content[]).filter(isFields).map((source) => {
    const { Name, Type, Peer, Description, Action, Permissions, LegacyMeta } = source;
    const isL7 = Array.isArray(Permissions) && Permissions.length > 0;
    return withoutEmpty({
      SourceName: apiValue(Name ?? null),
      SourcePeer: apiValue(Peer ?? null),
      SourceType: apiValue(Type ?? null),
      DestinationName: destination,
      Description: apiValue(Description ?? null),
      Meta: apiValue(LegacyMeta ?? null),
      ...(isL7 ? { Permissions: apiValue(Permissions) } : { Action: apiValue(Action ?? null) }),
    });
  });
}

function legacyIntention(intention: Fields): ApiFields {
  return picked(intention, [
    "SourceName",
    "SourceType",
    "DestinationName",
    "Action",
    "Permissions",
    "Description",
    "Meta",
  ]);
}

function preparedQuery(query: Fields, omissions: Omissions): ApiFields {
  if (textOf(query["Token"]) !== "") omissions.tokens++;
  if (textOf(query["Session"]) !== "") omissions.sessions++;
  return picked(query, ["Name", "Template", "Service", "DNS"]);
}

function picked(fields: Fields, names: readonly string[]): ApiFields {
  return withoutEmpty(Object.fromEntries(names.map((name) => [name, apiValue(fields[name] ?? null)])));
}

function withoutEmpty(fields: ApiFields): ApiFields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== "" && !(isObject(value) && isBare(value))),
  );
}

function isObject(value: ApiValue): value is ApiFields | readonly ApiValue[] {
  return typeof value === "object" && value !== null;
}

function isBare(value: object): boolean {
  return Object.keys(value).length === 0;
}

function fieldsOf({ type, value }: SeenRecord): Fields {
  const content = value && wholeContentOf(type, value);
  if (isFields(content)) return content;
  throw unreadable(type);
}

function entryOf({ type, value }: SeenRecord): { readonly kind: string; readonly entry: Fields } {
  const found = configEntryOf(value && wholeContentOf(type, value));
  if (found !== undefined) return found;
  throw unreadable(type);
}

function unreadable(type: number): SnapshotError {
  return new SnapshotError(
    "STATE_UNDECODABLE",
    `a ${typeName(type)} record cannot be read`,
    "Restore the archive into an empty cluster and export it from there.",
  );
}

function apiValue(content: Content): ApiValue {
  if (Array.isArray(content)) return (content as readonly Content[]).map(apiValue);
  if (isFields(content)) {
    return Object.fromEntries(Object.entries(content).map(([name, value]) => [readable(name), apiValue(value)]));
  }
  if (typeof content !== "string") return content;
  if (content.startsWith('"')) return readable(content.slice(1));
  return floatOf(content) ?? (/^[+-]\d+$/.test(content) ? BigInt(content.replace(/^\+/, "")) : null);
}
