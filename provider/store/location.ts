/**
 * Where an archive goes: a path or a URL.
 *
 * The URLs are those of Pulumi's own state backends (`file://`, `s3://bucket/prefix?region=…`, `gs://`, `azblob://`),
 * so that a URL for `pulumi login` also works here.
 */

import { isDeepStrictEqual } from "node:util";
import type { Location } from "./backend";
import { backendOf, findBackend, schemes } from "./backends";
import { parsePath } from "./file/backend";
import { hasPlaceholders } from "./nameTemplate";
import { shownUrl } from "./urlCredentials";
import { targetInvalid } from "./targetInvalid";

export type { Location } from "./backend";

/**
 * Reads a target or a location, without any access to the store.
 *
 * @param text - a path (relative to `cwd`, or starting with `~/`), or a URL
 * @param cwd - the base of relative paths. Default: the working directory
 * @throws SnapshotError `TARGET_INVALID`
 */
export function parseLocation(text: string, cwd?: string): Location {
  if (text === "") throw targetInvalid("the target is empty", "Specify a path, such as ./backups/, or a URL.");
  if (text.includes("\0")) throw targetInvalid("the target contains a NUL character", "Remove it.");
  const url = /^([a-z][a-z0-9+.-]+):\/\/(.*)$/is.exec(text);
  if (url === null) {
    refuseHalfUrl(text);
    return parsePath(text, cwd);
  }
  const backend = findBackend(url[1] ?? "");
  if (backend === undefined) {
    throw targetInvalid(
      `target ${JSON.stringify(shownUrl(text))} has an unknown scheme`,
      `Use a path, or one of ${schemes()
        .map((scheme) => `${scheme}://`)
        .join(", ")}.`,
    );
  }
  return backend.parse(url[2] ?? "", cwd);
}

/** A URL with a missing slash or colon must not become a folder on this machine. */
function refuseHalfUrl(text: string): void {
  const [beginning, scheme = ""] = /^([a-z0-9]+)(?::|\/\/)/i.exec(text) ?? [];
  if (beginning === undefined || !schemes().includes(scheme.toLowerCase())) return;
  throw targetInvalid(
    `a target that begins with ${beginning} is neither a URL nor clearly a path`,
    `Write ${scheme.toLowerCase()}://…, or begin it with ./ for a folder of that name.`,
  );
}

/**
 * Reads the location of one existing archive, as `parseLocation` does.
 *
 * @throws SnapshotError `TARGET_INVALID`, also for a folder and for a template
 */
export function parseSource(text: string, cwd?: string): Location {
  const location = parseLocation(text, cwd);
  if (!hasPlaceholders(location.key)) return location;
  throw targetInvalid(
    `source is a ${hasPlaceholders(text) ? "template" : "folder"}, not an archive`,
    "Specify one archive by its whole path or URL.",
  );
}

/**
 * Whether two locations have the same place and template. Of a bucket's settings, those count that decide which server or account
 * has the bucket; others, such as its region, are ignored.
 */
export function samePlace(a: Location, b: Location): boolean {
  return (
    a.scheme === b.scheme &&
    a.bucket === b.bucket &&
    a.key === b.key &&
    isDeepStrictEqual(serverSettings(a), serverSettings(b))
  );
}

const SERVER_SETTINGS: readonly string[] = ["endpoint", "storage_account", "domain", "universe_domain"];

/** The settings that decide which server or account has a bucket of this name. */
export function serverSettings({ settings }: Location): ReadonlyMap<string, string> {
  return new Map([...settings].filter(([name]) => SERVER_SETTINGS.includes(name)));
}

/** Writes a location with another key, as a user would type it. */
export function formatLocation(location: Location, key = location.key): string {
  return backendOf(location).format(location, key);
}
