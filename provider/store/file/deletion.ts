/**
 * Deletes a file only in one version. No system call compares and deletes, so the file first gets a private name that
 * no other program uses. There it is compared, and deleted or put back.
 *
 * The private name contains the version that was to be deleted. If the process is killed in between, a later save to
 * the folder finishes the deletion, or puts back a file that another writer had placed there in the meantime.
 */

import { type link, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isCode } from "../../errors";
import { readableEntriesOf } from "./entries";
import { changed, failing } from "./errors";
import { deletingName, parseDeletingName } from "./hiddenNames";
import { isPresent, linkWithoutClobber } from "./link";
import { versionOf } from "./version";

/** @throws SnapshotError `STORE_CHANGED` if the file has another version, which then stays */
export async function deleteVersion(path: string, version: string, makeLink: typeof link): Promise<void> {
  const aside = join(dirname(path), deletingName(basename(path), version));
  try {
    await failing(path, () => rename(path, aside));
  } catch (error) {
    unlessMissing(error);
    return;
  }
  if (await decide(aside, path, (found) => found === version, makeLink)) return;
  throw changed(path);
}

/** Finishes or reverts the deletions that killed processes began in a folder. Failures are ignored. */
export async function finishDeletions(folder: string, makeLink: typeof link): Promise<void> {
  for await (const { name: hidden } of readableEntriesOf(folder)) {
    const deletion = parseDeletingName(hidden);
    if (deletion === undefined) continue;
    // If the name was too long to be kept, the file cannot be put back and stays hidden.
    const path = join(folder, deletion.name === "" ? hidden : deletion.name);
    await decide(join(folder, hidden), path, deletion.isDecided, makeLink).catch(() => undefined);
  }
}

/**
 * Deletes the file if it still has the version that was to be deleted; otherwise restores its name. If another file has
 * that name by now, both stay, because this code cannot decide which one counts. Two processes may do this
 * concurrently.
 *
 * @returns whether it was deleted
 */
async function decide(
  aside: string,
  path: string,
  isDecided: (version: string) => boolean,
  makeLink: typeof link,
): Promise<boolean> {
  const found = await stat(aside, { bigint: true }).catch(() => undefined);
  // Another process has just finished this.
  if (found === undefined) return !(await isPresent(path));
  if (!isDecided(versionOf(found))) {
    await linkWithoutClobber(aside, path, makeLink).catch(() => undefined);
    return false;
  }
  await failing(aside, () => unlink(aside)).catch(unlessMissing);
  return true;
}

/** @throws any error except `STORE_NOT_FOUND` */
export function unlessMissing(error: unknown): void {
  if (!isCode(error, "STORE_NOT_FOUND")) throw error;
}
