/** The JSON that docs/reference/command.md shows, by its keys. */

import { readFileSync } from "node:fs";

const PAGE = "docs/reference/command.md";

/** @throws Error when the page has no such block */
export function documentedKeys(name: string): string[] {
  const [, block = ""] = readFileSync(PAGE, "utf8").split(`<!-- json: ${name} -->\n\`\`\`json\n`);
  const [text = ""] = block.split("\n```");
  return keysOf(JSON.parse(text));
}

/** Each key with those around it, once: `archives[].error.code`. */
export function keysOf(value: unknown): string[] {
  return [...new Set(pathsOf(value, ""))].sort();
}

function pathsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const own = path === "" ? name : `${path}.${name}`;
    return [own, ...pathsOf(inner, own)];
  });
}
