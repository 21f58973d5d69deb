/** What the content of records is made of: strings with one character a byte, floats as their bytes, entries in requests. */

import { type Content, type Fields, isFields } from "../archive/state/normalForm";

/** One character a byte; empty where it is no string. */
export function textOf(content: Content | undefined): string {
  return typeof content === "string" && content.startsWith('"') ? content.slice(1) : "";
}

/** The text of a string with one character a byte. */
export function readable(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

/** `undefined` for what is no float: MessagePack has two, of 32 and of 64 bits. */
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
