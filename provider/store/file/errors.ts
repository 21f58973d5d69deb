/** What the errors of the file system amount to. */

import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SnapshotError } from "../../errors";
import { systemCode } from "../../systemCode";
import * as failures from "../failures";

/** Runs work on a path; what the system reports is translated. */
export async function failing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translated(error, path);
  }
}

export function translated(error: unknown, path: string): unknown {
  if (error instanceof SnapshotError) return error;
  switch (systemCode(error)) {
    case "EEXIST":
      return exists(path);
    case "ENOENT":
      return new SnapshotError("STORE_NOT_FOUND", `${path} does not exist`, "Check the path.", error);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new SnapshotError(
        "STORE_DENIED",
        `${path} cannot be used: permission denied, or the filesystem is read-only`,
        "Choose a folder that this user may write to.",
        error,
      );
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new SnapshotError(
        "STORE_FULL",
        `${path} cannot be written: the disk is full, or a size limit is reached`,
        "Free some space, or choose another target. Nothing of this snapshot was left behind.",
        error,
      );
    case "ENOTDIR":
      return new SnapshotError(
        "TARGET_INVALID",
        `${fileIn(path)} is a file, not a folder`,
        "Check the path: only a folder can be before a / in it.",
        error,
      );
    case "EISDIR":
    case "ENAMETOOLONG":
    case "ELOOP":
      return new SnapshotError(
        "TARGET_INVALID",
        `${path} cannot be an archive: ${systemCode(error)}`,
        "Part of the path is a folder instead of a file, a link that leads in a circle, or too long.",
        error,
      );
    case "":
      return error;
    default:
      return new SnapshotError(
        "STORE_UNREACHABLE",
        `${path} cannot be used (${systemCode(error)})`,
        "Check the disk, then run it again.",
        error,
      );
  }
}

/** The part of a path that is a file instead of a folder; the path itself if it has changed since. */
function fileIn(path: string): string {
  for (let at = resolve(path); at !== dirname(at); at = dirname(at)) {
    try {
      return statSync(at).isDirectory() ? path : at;
    } catch {
      // The file is above this part.
    }
  }
  return path;
}

export function exists(path: string): SnapshotError {
  return failures.exists({ object: path });
}

export function changed(path: string): SnapshotError {
  return new SnapshotError(
    "STORE_CHANGED",
    `${path} has changed`,
    "Another program wrote to it: look at it before you continue.",
  );
}

export function interrupted(path: string): SnapshotError {
  return failures.interrupted(path);
}

export function danglingLink(path: string, target: string): SnapshotError {
  return new SnapshotError(
    "STORE_NOT_FOUND",
    `${path} is a link to ${target}, which does not exist`,
    "Mount the disk that the link leads to, or correct the link.",
  );
}
