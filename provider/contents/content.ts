/** Reads parts of a record's content: strings with one character per byte, floats as their bytes, entries in requests. */

import { type Content, type Fields, isFields } from "../archive/state/normalForm";

/** The string, one character per byte; empty if the content is not a string. */
export function textOf(content: Content | undefined): string {
  return typeof content === "string" && content.startsWith('"') ? content.slice(1) : "";
}

/** Decodes UTF-8 from a string with one character per byte. */
export function readable(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

/** `undefined` if this is not a float: MessagePack has two kinds, of 32 and of 64 bits. */
export function floatOf(content: string): number | undefined {
  const [, kind, text = ""] = /^(202|203):(.*)$/s.exec(content) ?? [];
  if (kind === undefined) return undefined;
  const bytes = Buffer.from(text, "latin1");
  return kind === "202" ? bytes.readFloatBE(0) : bytes.readDoubleBE(0);
}

/** A configuration entry with its kind; `undefined` for the content of other records. */
export function configEntryOf(
  content: Content | undefined,
): { readonly kind: string; readonly entry: Fields } | undefined {
  const [kind, request] = Array.isArray(content) ? (content as readonly Content[]) : [];
  const entry = isFields(request) ? request["Entry"] : undefined;
  return isFields(entry) ? { kind: textOf(kind), entry } : undefined;
}
