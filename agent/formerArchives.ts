/**
 * The archives of HashiCorp's agent in a place where this agent saves. They have no manifest, so retention does not see
 * them. Here they count for `retain` too: one of them is removed when `retain` newer archives are there.
 */

import { untilAborted } from "../provider/abort";
import { archiveOfManifest } from "../provider/catalog/manifestName";
import { refusalToDelete } from "../provider/retention/deletion";
import { inParallel } from "../provider/store/inParallel";
import { fixedFolder, fixedPrefix } from "../provider/store/nameTemplate";
import type { Store, StoredObject } from "../provider/store/store";

/** The whole name; anything else belongs to others. Encrypted archives are this agent's. */
const NAME = /^consul-(\d{19})\.snap(\.age)?$/;

export interface FormerArchive {
  readonly object: StoredObject;
  readonly nanoseconds: bigint;
}

/** Archives with the names of HashiCorp's agent. */
export interface NamedArchives {
  /** Those without a manifest. */
  readonly former: readonly FormerArchive[];
  /** The nanoseconds of those with a manifest, of any cluster. */
  readonly own: readonly bigint[];
}

/** What retention has kept among the archives with a manifest. */
export interface Kept {
  readonly count: number;
  /** How many of them are not restorable: these take the place of no other. */
  readonly unusable: number;
}

/**
 * Which former archives no longer count. The two agents may have saved in turns, so an archive with a manifest counts
 * against a former one only if it is newer. Pure.
 *
 * @param archives - in any order, the new one among them
 * @param retain - how many archives there may be in all
 * @param before - the new archive's nanoseconds: nothing newer is removed
 * @returns the newest first
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
      // A name does not show whether its archive is restorable: the newer ones may be those that are not.
      const newerUsable = Math.max(0, Math.min(newerOwn, kept.count) - kept.unusable);
      return newerFormer + newerUsable >= retain;
    });
}

/**
 * @param template - of a destination that has the names of HashiCorp's agent
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

/**
 * Removes them, each in the version that was listed; what is locked or was changed meanwhile stays.
 *
 * @returns how many
 * @throws SnapshotError `STORE_*`; the signal's reason as soon as it is aborted
 */
export async function removeFormer(
  store: Store,
  archives: readonly FormerArchive[],
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  const oldestFirst = [...archives].reverse();
  await inParallel(oldestFirst, signal, async ({ object }) => {
    if ((await refusalToDelete(store, object)) === undefined) removed++;
  });
  return removed;
}
