/** The template of an archive's name, which may contain placeholders. */

import { DEFAULT_NAME, type Placeholder, placeholderRow, PLACEHOLDERS } from "./placeholders";
import { targetInvalid } from "./targetInvalid";

/** Adds the default name to a key that is a folder. */
export function withDefaultName(key: string): string {
  return key === "" || key.endsWith("/") ? key + DEFAULT_NAME : key;
}

/**
 * The folder that a target specifies, with its slash; `undefined` if the target is a name or a template.
 *
 * @param typed - the target as the user wrote it
 * @param key - the parsed key of the target, with the default name
 */
export function folderOf(typed: string, key: string): string | undefined {
  return !hasPlaceholders(typed) && key.endsWith(DEFAULT_NAME) ? key.slice(0, -DEFAULT_NAME.length) : undefined;
}

export function hasPlaceholders(key: string): boolean {
  return /[{}]/.test(key);
}

/**
 * Checks a template.
 *
 * @param mayBeSame - whether the same name for every snapshot is intended
 * @param how - how to allow that, in the words of the front end, such as "set overwrite: true". Default: the hint does
 * not offer it
 * @throws SnapshotError `TARGET_INVALID`
 */
export function checkTemplate({ key }: { readonly key: string }, mayBeSame: boolean, how?: string): void {
  const unknown = namesIn(key).find((name) => !isPlaceholder(name));
  const stray = hasPlaceholders(key.replaceAll(/\{[^{}]*\}/g, ""));
  if (unknown !== undefined || stray) {
    throw targetInvalid(
      unknown === undefined
        ? `target ${JSON.stringify(key)} has a brace that is not closed or not opened`
        : `target ${JSON.stringify(key)} has an unknown placeholder {${unknown}}`,
      `Placeholders are ${Object.keys(PLACEHOLDERS)
        .map((name) => `{${name}}`)
        .join(", ")}.`,
    );
  }
  if (!mayBeSame && !namesDiffer(key)) {
    throw targetInvalid(
      `target ${JSON.stringify(key)} would be the same for every snapshot, and an existing archive is never overwritten`,
      `End it with / if it is a folder, or add {timestamp}, {index} or {random} to the name${how === undefined ? "" : `, or ${how}`}.`,
    );
  }
}

/** Whether a template gives each snapshot a different name. */
export function namesDiffer(template: string): boolean {
  return namesIn(template).some((name) => placeholderRow(name)?.changes === true);
}

/**
 * Fills in a template. Characters of a value other than letters, digits, `.`, `_` and `-` become `-`, so that no value
 * can escape from the folder.
 */
export function expandTemplate(key: string, values: Readonly<Record<Placeholder, string>>): string {
  return key.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    if (!isPlaceholder(name)) return whole;
    const value = values[name].replaceAll(/[^A-Za-z0-9._-]/g, "-");
    return /^\.*$/.test(value) ? "unknown" : value;
  });
}

/** Whether a key may result from this template. */
export function matchesTemplate(template: string, key: string): boolean {
  const pattern = template
    .split(/(\{[^{}]*\})/)
    .map((part, at) =>
      at % 2 === 0
        ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
        : (placeholderRow(part.slice(1, -1))?.shape ?? "[A-Za-z0-9._-]+"),
    )
    .join("");
  return new RegExp(`^${pattern}$`).test(key);
}

/** The constant prefix of all keys of a template, for listings. */
export function fixedPrefix(template: string): string {
  return template.split("{", 1)[0] ?? "";
}

/** The folder, with its slash, that contains all keys of a template, directly or in subfolders. */
export function fixedFolder(template: string): string {
  return fixedPrefix(template).replace(/[^/]*$/, "");
}

function isPlaceholder(name: string): name is Placeholder {
  return placeholderRow(name) !== undefined;
}

function namesIn(key: string): string[] {
  return [...key.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? "");
}
