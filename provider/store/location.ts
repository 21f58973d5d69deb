/**
 * Where an archive goes: a path or a URL, with placeholders in its name.
 *
 * The URLs are those of Pulumi's own state backends (`file://`, `s3://bucket/prefix?region=…`, `gs://`, `azblob://`),
 * so that what was typed for `pulumi login` can be typed here.
 */

import { homedir } from "node:os";
import { isAbsolute, join, resolve, sep } from "node:path";
import { SnapshotError } from "../errors";
import { type Bucketed, checkSettings, holdsCredentials } from "./settings";
import { fileHasCredentials, hasCredentials, shownUrl } from "./shownUrl";

export type Scheme = "file" | "s3" | "gs" | "azblob";

export interface Location {
  readonly scheme: Scheme;
  /** The bucket or container; empty for files. */
  readonly bucket: string;
  /** The key, or the name template of one: `/`-separated and relative, or an absolute path for files. */
  readonly key: string;
  /** The URL's settings, such as `region`; empty for files. */
  readonly settings: ReadonlyMap<string, string>;
}

/** What a name template can hold, and what each stands for. */
export const PLACEHOLDERS = {
  datacenter: "the Consul datacenter",
  index: "the Raft index of the snapshot",
  term: "the Raft term of the snapshot",
  timestamp: "when it was taken, in UTC, such as 20261123T150405Z",
  consulVersion: "the version of the Consul server",
  project: "the Pulumi project",
  stack: "the Pulumi stack",
  name: "the name of the resource",
  random: "four random hexadecimal digits",
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;

/** The placeholders that differ from one snapshot to the next. */
const CHANGING: readonly Placeholder[] = ["index", "timestamp", "random"];

/** The name that a target ending in `/` gets. */
export const DEFAULT_NAME = "consul-{datacenter}-{timestamp}-{index}-{random}.snap";

const SCHEMES: readonly Scheme[] = ["file", "s3", "gs", "azblob"];

/**
 * Reads a target or a location. Touches nothing.
 *
 * @param text - a path (relative to `cwd`, or starting with `~/`), or a URL
 * @throws SnapshotError `TARGET_INVALID`
 */
export function parseLocation(text: string, cwd = process.cwd()): Location {
  if (text === "") throw invalid("the target is empty", "Give a path, such as ./backups/, or a URL.");
  if (text.includes("\0")) throw invalid("the target holds a NUL character", "Remove it.");
  const url = /^([a-z][a-z0-9+.-]+):\/\/(.*)$/is.exec(text);
  if (url === null) return fileLocation(text, cwd);
  const scheme = SCHEMES.find((known) => known === url[1]?.toLowerCase());
  if (scheme === undefined) {
    throw invalid(
      `target ${quote(shownUrl(text))} has an unknown scheme`,
      `Known are a plain path and ${SCHEMES.map((known) => `${known}://`).join(", ")}.`,
    );
  }
  if (scheme !== "file") return bucketLocation(scheme, text, url[2] ?? "");
  if (fileHasCredentials(url[2] ?? "")) throw holdsCredentials(quote(shownUrl(text)));
  if (url[2]?.includes("?") === true) {
    throw invalid(
      `target ${quote(shownUrl(text))} has settings, but file:// takes none`,
      "Leave out the ? and the rest.",
    );
  }
  return fileLocation(url[2] ?? "", cwd);
}

function fileLocation(path: string, cwd: string): Location {
  if (path === "") throw invalid("the target names no path", "Write ./backups/ or file:///var/backups/consul/.");
  const expanded = path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
  const absolute = isAbsolute(expanded) ? resolve(expanded) : resolve(cwd, expanded);
  const folder = /[/\\]$/.test(expanded) || expanded === "~" || (sep === "\\" && expanded.endsWith(sep));
  return { scheme: "file", bucket: "", key: folder ? withDefaultName(`${absolute}/`) : absolute, settings: new Map() };
}

function bucketLocation(scheme: Bucketed, text: string, rest: string): Location {
  const question = rest.indexOf("?");
  const place = question === -1 ? rest : rest.slice(0, question);
  const slash = place.indexOf("/");
  const bucket = slash === -1 ? place : place.slice(0, slash);
  const where = quote(shownUrl(text));
  if (hasCredentials(rest)) throw holdsCredentials(where);
  if (bucket === "") throw invalid(`target ${where} names no bucket`, `Write ${scheme}://BUCKET/PREFIX/.`);
  if (/[^A-Za-z0-9._-]/.test(bucket)) {
    throw invalid(
      `target ${where} has a bucket name that cannot be`,
      "Use letters, digits, dots, dashes, underscores.",
    );
  }
  const key = slash === -1 ? "" : place.slice(slash + 1);
  if (key.split("/").some((part, at, all) => part === "." || part === ".." || (part === "" && at < all.length - 1))) {
    throw invalid(`target ${where} has an empty, "." or ".." part in its key`, "Write the key without it.");
  }
  if (/[\\#%\u0000-\u001f\u007f]/.test(key)) {
    throw invalid(`target ${where} has a control character, "\\", "#" or "%" in its key`, "Write the key without it.");
  }
  const given = new URLSearchParams(question === -1 ? "" : rest.slice(question + 1));
  checkSettings(scheme, where, given);
  return { scheme, bucket, key: withDefaultName(key), settings: new Map(given) };
}

function withDefaultName(key: string): string {
  return key === "" || key.endsWith("/") ? key + DEFAULT_NAME : key;
}

/**
 * Reads the location of one archive that is there, as `parseLocation` does.
 *
 * @throws SnapshotError `TARGET_INVALID`, also for a folder and for a template
 */
export function parseSource(text: string, cwd = process.cwd()): Location {
  const location = parseLocation(text, cwd);
  if (!/[{}]/.test(location.key)) return location;
  const what = /[{}]/.test(text) ? "is a template" : "is a folder";
  throw invalid(`source ${what}`, "Name one archive, by its whole path or URL.");
}

/** Whether two locations name the same place and template; a bucket's settings, such as its region, do not count. */
export function samePlace(a: Location, b: Location): boolean {
  return a.scheme === b.scheme && a.bucket === b.bucket && a.key === b.key;
}

/** Writes a location with another key, as a user would type it. */
export function formatLocation(location: Location, key = location.key): string {
  if (location.scheme === "file") return key.split("/").join(sep);
  const query = new URLSearchParams([...location.settings]).toString();
  return `${location.scheme}://${location.bucket}/${key}${query === "" ? "" : `?${query}`}`;
}

/**
 * Says what is wrong with a template, if anything.
 *
 * @param overwrite - whether a name that is always the same is meant; `undefined` where that cannot be asked for
 * @throws SnapshotError `TARGET_INVALID`
 */
export function checkTemplate(location: Location, overwrite: boolean | undefined): void {
  const names = placeholders(location.key);
  const strange = names.find((name) => !(name in PLACEHOLDERS));
  const stray = /[{}]/.exec(location.key.replaceAll(/\{[^{}]*\}/g, ""));
  if (strange !== undefined || stray !== null) {
    throw invalid(
      strange === undefined
        ? `target ${quote(location.key)} has a brace that is not closed or not opened`
        : `target ${quote(location.key)} has an unknown placeholder {${strange}}`,
      `Known are ${Object.keys(PLACEHOLDERS)
        .map((name) => `{${name}}`)
        .join(", ")}.`,
    );
  }
  if (overwrite !== true && !namesDiffer(location.key)) {
    throw invalid(
      `target ${quote(location.key)} would be the same for every snapshot, and an existing archive is never overwritten`,
      `End it with / if it is a folder, or add {timestamp}, {index} or {random} to the name${overwrite === undefined ? "" : ", or set overwrite: true"}.`,
    );
  }
}

/** Whether a template gives each snapshot a name of its own. */
export function namesDiffer(template: string): boolean {
  return placeholders(template).some((name) => CHANGING.some((changing) => changing === name));
}

/**
 * Fills in a template. Values are made safe first: what is not a letter, digit, `.`, `_` or `-` becomes `-`, so that no
 * value can lead out of the folder.
 */
export function expandTemplate(key: string, values: Readonly<Record<Placeholder, string>>): string {
  return key.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    if (!(name in PLACEHOLDERS)) return whole;
    const value = values[name as Placeholder].replaceAll(/[^A-Za-z0-9._-]/g, "-");
    return /^\.*$/.test(value) ? "unknown" : value;
  });
}

/** What a placeholder's value can look like; the others hold any text that is safe in a name. */
const SHAPES: Partial<Record<Placeholder, string>> = {
  index: "[0-9]+",
  term: "[0-9]+",
  timestamp: "[0-9]{8}T[0-9]{6}Z",
  random: "[0-9a-f]+",
};

/** Whether a key may have come from this template. */
export function matchesTemplate(template: string, key: string): boolean {
  const pattern = template
    .split(/(\{[^{}]*\})/)
    .map((part, at) =>
      at % 2 === 0
        ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
        : (SHAPES[part.slice(1, -1) as Placeholder] ?? "[A-Za-z0-9._-]+"),
    )
    .join("");
  return new RegExp(`^${pattern}$`).test(key);
}

/** The part of a template that is the same in all its keys: what to list by. */
export function fixedPrefix(template: string): string {
  return template.split("{", 1)[0] ?? "";
}

function placeholders(key: string): string[] {
  return [...key.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? "");
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function invalid(message: string, hint: string): SnapshotError {
  return new SnapshotError("TARGET_INVALID", message, hint);
}
