/** Archives as files: a plain path, or `file://PATH`. */

import { homedir } from "node:os";
import { isAbsolute, join, resolve, sep } from "node:path";
import type { Backend, Location } from "../backend";
import { withDefaultName } from "../nameTemplate";
import { holdsCredentials } from "../settings";
import { fileHasCredentials, shownUrl } from "../urlCredentials";
import { targetInvalid } from "../targetInvalid";

export const fileBackend: Backend = {
  scheme: "file",
  settings: { kinds: {} },
  parse: parseFileUrl,
  format: (_location, key) => key.split("/").join(sep),
  open: async () => (await import("./store.js")).fileStore(),
};

function parseFileUrl(rest: string, cwd?: string): Location {
  const where = JSON.stringify(shownUrl(`file://${rest}`));
  if (fileHasCredentials(rest)) throw holdsCredentials(where);
  if (rest.includes("?")) {
    throw targetInvalid(`target ${where} has settings, but file:// takes none`, "Remove the ? and what follows it.");
  }
  return parsePath(rest, cwd);
}

/**
 * @param cwd - the base of relative paths. Default: the working directory
 * @throws SnapshotError `TARGET_INVALID`
 */
export function parsePath(path: string, cwd?: string): Location {
  if (path === "") throw targetInvalid("the target has no path", "Write ./backups/ or file:///var/backups/consul/.");
  const expanded = path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
  const absolute = isAbsolute(expanded) ? resolve(expanded) : resolve(cwd ?? workingDirectory(), expanded);
  const isFolder = /[/\\]$/.test(expanded) || expanded === "~";
  const key = isFolder ? withDefaultName(`${absolute}/`) : absolute;
  return { scheme: "file", bucket: "", key, settings: new Map() };
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw targetInvalid(
      "the working directory does not exist any more",
      "Change to another folder, or write an absolute path.",
    );
  }
}
