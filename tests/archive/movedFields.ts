/**
 * What differs between a snapshot and the next one after an honest restore of it, field by field: of records that nobody
 * has written in between, as their `ModifyIndex` shows.
 */

import { rewrittenKeysOf, typeName, writerOf } from "../../provider/archive/recordTypeLookup";
import { CONFIG_ENTRY } from "../../provider/archive/recordTypes";
import type { SeenRecord } from "../../provider/archive/reader";
import { type Content, isFields, wholeContentOf } from "../../provider/archive/state/normalForm";
import { modifiedAt } from "../../provider/archive/state/recordFields";
import { readArchive } from "../fixtures/reading";

export interface Moves {
  /** `service-defaults: UpstreamConfig.Defaults.MeshGateway.Mode`, each once, of the records that users write. */
  readonly fields: readonly string[];
  /** Keys of records that servers write anew, each once. */
  readonly rewritten: readonly string[];
  /** Records that are in one snapshot and not in the other, and those that were written in between. */
  readonly others: readonly string[];
}

interface Kept {
  readonly name: string;
  readonly content: Content;
  readonly at: number | undefined;
}

export async function movedFields(archived: Buffer, found: Buffer): Promise<Moves> {
  const [before, after] = [await recordsOf(archived), await recordsOf(found)];
  const fields = new Set<string>();
  const others = new Set<string>();
  const rewritten = new Set<string>();
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(id), after.get(id)];
    const isSame = one !== undefined && other !== undefined && one.at === other.at;
    if (isSame) for (const path of differingPaths(one.content, other.content)) fields.add(`${one.name}: ${path}`);
    else others.add(id);
  }
  const [written, rest] = [[...others].filter(isRewritten), [...others].filter((id) => !isRewritten(id))];
  for (const id of written) rewritten.add(id);
  return { fields: [...fields].sort(), rewritten: [...rewritten].sort(), others: rest.sort() };
}

/** Records by what they are about; those of bookkeeping are left out, and those of servers, unless people read them. */
async function recordsOf(archive: Buffer): Promise<Map<string, Kept>> {
  const records = new Map<string, Kept>();
  await readArchive(archive, undefined, {
    see: ({ type, value }: SeenRecord) => {
      const keys = rewrittenKeysOf(type);
      if (value === undefined || (writerOf(typeName(type)) !== "users" && keys === undefined)) return;
      const content = wholeContentOf(type, value);
      if (content === undefined) throw new Error(`a ${typeName(type)} cannot be read`);
      const { name, id, body } = identify(type, content);
      records.set(id, { name, content: body, at: modifiedAt(type, value) });
    },
  });
  return records;
}

const IDENTITY = ["Key", "ID", "AccessorID", "Name", "AuthMethod"] as const;

function identify(type: number, content: Content): { name: string; id: string; body: Content } {
  if (type !== CONFIG_ENTRY) return { name: typeName(type), id: idOf(typeName(type), content), body: content };
  const [kind, request] = content as readonly Content[];
  const name = textOf(kind);
  const body = (isFields(request ?? null) ? (request as { Entry?: Content }).Entry : undefined) ?? null;
  return { name, id: idOf(name, body), body };
}

function idOf(name: string, content: Content): string {
  if (!isFields(content)) return `${name} ${JSON.stringify(content)}`;
  const field = IDENTITY.map((field) => content[field]).find((value) => value !== undefined);
  return `${name} ${textOf(field)}`;
}

/** Strings begin with a quotation mark in the normal form. */
function textOf(content: Content | undefined): string {
  return typeof content === "string" ? content.replace(/^"/, "") : JSON.stringify(content);
}

function isRewritten(id: string): boolean {
  return (rewrittenKeysOf(31) ?? []).some((key) => id === `SystemMetadata ${key}`);
}

/** Fields that an older version does not have, a newer one writes as zero or empty. */
function isUnset(content: Content | undefined): boolean {
  if (content === undefined || content === null || content === false || content === "+0" || content === '"')
    return true;
  return typeof content === "object" && Object.values(content).every(isUnset);
}

function isList(content: Content | undefined): content is readonly Content[] {
  return Array.isArray(content);
}

function differingPaths(one: Content | undefined, other: Content | undefined, path: readonly string[] = []): string[] {
  if (JSON.stringify(one) === JSON.stringify(other) || (isUnset(one) && isUnset(other))) return [];
  if (isList(one) && isList(other) && one.length === other.length) {
    return [...new Set(one.flatMap((item, at) => differingPaths(item, other[at], [...path, "[]"])))];
  }
  if (!isFields(one ?? {}) || !isFields(other ?? {}) || (one === undefined && other === undefined)) {
    return [path.join(".")];
  }
  const [a, b] = [(one ?? {}) as Record<string, Content>, (other ?? {}) as Record<string, Content>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) =>
    differingPaths(a[name], b[name], [...path, name]),
  );
}
