/** JSON of values that `JSON.stringify` cannot write: 64-bit integers keep all their digits. */

import { escapeJson } from "../text";
import type { ApiValue } from "./apiObjects";

/** @param indent - the blanks or tabs before the value's closing bracket. @param step - of each level */
export function exactJson(value: ApiValue, indent = "", step = "\t"): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return escapeJson(JSON.stringify(value));
  const inner = `${indent}${step}`;
  const isList = Array.isArray(value);
  const items = isList
    ? (value as readonly ApiValue[]).map((item) => exactJson(item, inner, step))
    : Object.entries(value).map(
        ([name, item]: readonly [string, ApiValue]) =>
          `${escapeJson(JSON.stringify(name))}: ${exactJson(item, inner, step)}`,
      );
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return open + close;
  return `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
}
