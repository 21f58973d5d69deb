/**
 * The archives of HashiCorp's agent at a destination of this agent. They have no manifest, so retention does not see them. Here
 * they count for `retain`, too: one of them is removed when there are `retain` newer archives.
 */

import { untilAborted } from "../provider/abort";
import { archiveOfManifest } from "../provider/catalog/manifestName";
import { refusalToDelete } from "../provider/retention/deletion";
import { inParallel } from "../provider/store/inParallel";
import { fixedFolder, fixedPrefix } from "../provider/store/nameTemplate";
import type { Store, StoredObject } from "../provider/store/store";

/** Matches the whole name; objects with other names belong to others. Only this agent encrypts archives. */
const NAME = /^consul-(\d{19})\.snap(\.age)?$/;

export interface FormerArchive {
  readonly object: StoredObject;
  readonly nanoseconds: bigint;
}

/** Archives with the names of HashiCorp's agent. */
export interface NamedArchives {
  /** Those without a manifest. */
  readonly former: readonly FormerArchive[];
  /** The nanoseconds in the names of those with a manifest, of any cluster. */
  readonly own: readonly bigint[];
}

/**
 * How many former archives a run removes. Only their names show what they are: whoever may add objects could add some that count
 * as newer. Each run adds one archive, so this many catch up slowly, and leave time to notice.
 */
const MAX_PER_RUN = 2;

/** The archives with a manifest that retention has kept. */
export interface Kept {
  readonly count: number;
  /** How many of them are not restorable: these do not replace a former archive. */
  readonly unusable: number;
}

/**
 * Which former archives are no longer needed. The two agents may have saved alternately, so an archive with a manifest counts
 * against a former one only if it is newer. Pure.
 *
 * @param archives - in any order, including the new one
 * @param retain - how many archives to keep in all
 * @param before - the new archive's nanoseconds; no newer archive is removed
 * @returns the archives that may go, newest first
 */
export function formerToRemove(
  { former, own }: NamedArchives,
  kept: Kept,
  retain: number,
  before: bigint,
): readonly FormerArchive[] {
  return former
    .filter(({ nanoseconds }) => nanoseconds < before)
    .sort((a, b) => (a.nanoseconds < b.nanoseconds ? 1 : -1))
    .filter(({ nanoseconds }, newerFormer) => {
      const newerOwn = own.filter((each) => each > nanoseconds).length;
      // The name does not show whether an archive is restorable, so assume that the newest ones are not.
      const newerUsable = Math.max(0, Math.min(newerOwn, kept.count) - kept.unusable);
      return newerFormer + newerUsable >= retain;
    });
}

/**
 * @param template - name template of a destination that uses the names of HashiCorp's agent
 * @throws SnapshotError `STORE_*`; the signal's reason as soon as it is aborted
 */
export async function listNamed(store: Store, template: string, signal: AbortSignal): Promise<NamedArchives> {
  const folder = fixedFolder(template);
  const found = new Map<string, FormerArchive>();
  const described = new Set<string>();
  for await (const object of untilAborted(store.list(fixedPrefix(template)), signal)) {
    const { key } = object;
    const [, digits] = NAME.exec(key.slice(folder.length)) ?? [];
    const archiveKey = archiveOfManifest(key);
    if (digits !== undefined) found.set(key, { object, nanoseconds: BigInt(digits) });
    else if (archiveKey !== undefined) described.add(archiveKey);
  }
  const archives = [...found.values()];
  return {
    former: archives.filter(({ object: { key } }) => !described.has(key) && key.endsWith(".snap")),
    own: archives.filter(({ object: { key } }) => described.has(key)).map(({ nanoseconds }) => nanoseconds),
  };
}

/** How many former archives a run has removed, and how many it has left for later runs. */
export interface FormerRemoval {
  readonly removed: number;
  readonly left: number;
}

/**
 * Removes the oldest of these archives, at most `MAX_PER_RUN`, each in the version that was listed. An archive that is locked
 * or was changed in the meantime stays, and the next one takes its place.
 *
 * @param archives - newest first
 * @throws SnapshotError `STORE_*`; the signal's reason as soon as it is aborted
 */
export async function removeFormer(
  store: Store,
  archives: readonly FormerArchive[],
  signal: AbortSignal,
): Promise<FormerRemoval> {
  let removed = 0;
  const newestFirst = [...archives];
  while (removed < MAX_PER_RUN && newestFirst.length > 0) {
    const next = newestFirst.splice(-(MAX_PER_RUN - removed));
    await inParallel(next, signal, async ({ object }) => {
      if ((await refusalToDelete(store, object)) === undefined) removed++;
    });
  }
  return { removed, left: newestFirst.length };
}
