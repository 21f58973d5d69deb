/**
 * Lists a place: archives with their manifests, manifests without an archive, and all other objects. Each is reported
 * as soon as the store lists it, so memory does not grow with the number of objects.
 */

import { unlessAborted, untilAborted } from "../abort";
import { fileOrNothing } from "../store/smallObject";
import type { Store, StoredObject } from "../store/store";
import { LEDGER_NAME } from "./ledgerName";
import { readListedManifest } from "./listedManifest";
import { type Manifest, manifestKey } from "./manifest";
import { archiveOfManifest } from "./manifestName";

/** Parallel requests for manifests; each may hold a manifest in memory. */
const AT_ONCE = 16;
/** Other objects that this package writes: retention ledgers and receipts of restores. */
const RECORDS = [LEDGER_NAME, /\.receipt\.json$/];

/** An archive with its manifest. */
export interface ListedArchive {
  readonly kind: "archive";
  readonly key: string;
  readonly archive: StoredObject;
  readonly manifest: Manifest;
  /** Whether the archive has the length in its manifest; otherwise it is not the one that was saved. */
  readonly intact: boolean;
}

/** A manifest without an archive. */
export interface OrphanedManifest {
  readonly kind: "orphan";
  /** The key of the archive. */
  readonly key: string;
  readonly object: StoredObject;
}

/** An object without a manifest that this version can read. */
export interface ObjectWithoutManifest {
  readonly kind: "noManifest";
  readonly key: string;
  readonly object: StoredObject;
  /** Whether there is an unreadable manifest beside it. */
  readonly unreadableManifest: boolean;
}

export type Listed = ListedArchive | OrphanedManifest | ObjectWithoutManifest;

/**
 * Lists a place in the store's order.
 *
 * @param prefix - only keys with this prefix are listed
 * @param all - also find objects without a manifest, which may take one request each. Default: false, only those with an
 * unreadable manifest are found
 * @param onUnreadableName - as for `Store.list`
 * @throws SnapshotError `STORE_*`. The caller translates an aborted signal to `INTERRUPTED`.
 */
export async function* listPlace(
  store: Store,
  prefix: string,
  signal: AbortSignal,
  all = false,
  onUnreadableName?: () => void,
): AsyncGenerator<Listed> {
  const pending: Promise<Listed | undefined>[] = [];
  try {
    for await (const work of candidates(store.list(prefix, onUnreadableName), store, signal, all)) {
      const result = work();
      // A failure is reported when the result is awaited.
      result.catch(() => undefined);
      pending.push(result);
      if (pending.length < AT_ONCE) continue;
      const listed = await unlessAborted(pending.shift() ?? Promise.resolve(undefined), signal);
      if (listed !== undefined) yield listed;
    }
    for (const result of pending) {
      const listed = await unlessAborted(result, signal);
      if (listed !== undefined) yield listed;
    }
  } finally {
    await Promise.allSettled(pending);
  }
}

/** Counts of what is at a place besides archives. */
export interface Others {
  readonly orphanedManifests: number;
  readonly unreadableManifests: number;
  /** Files and folders that are left out because their names are not UTF-8. */
  readonly unreadableNames: number;
}

/**
 * Visits the archives of a place one after another, in the store's order.
 *
 * @param series - visit only this series. Default: all
 * @param visit - returns `false` to stop
 * @returns counts of the other objects found so far
 * @throws SnapshotError as `listPlace` does, and errors of `visit`
 */
export async function visitArchives(
  { store, prefix }: { readonly store: Store; readonly prefix: string },
  series: string | undefined,
  signal: AbortSignal,
  visit: (listed: ListedArchive) => Promise<boolean> | boolean,
): Promise<Others> {
  let [orphanedManifests, unreadableManifests, unreadableNames] = [0, 0, 0];
  for await (const listed of listPlace(store, prefix, signal, false, () => unreadableNames++)) {
    if (listed.kind === "orphan") orphanedManifests++;
    else if (listed.kind === "noManifest") unreadableManifests++;
    else if (series !== undefined && listed.manifest.series !== series) continue;
    else if (!(await visit(listed))) break;
  }
  return { orphanedManifests, unreadableManifests, unreadableNames };
}

type Work = () => Promise<Listed | undefined>;

/**
 * Buckets list in name order: an archive comes before its manifest, and only names that start with the archive's name
 * come between them. If a store lists in another order, as folders do, the missing object is looked up.
 */
async function* candidates(
  objects: AsyncIterable<StoredObject>,
  store: Store,
  signal: AbortSignal,
  all: boolean,
): AsyncGenerator<Work> {
  const open: StoredObject[] = [];
  const closed = function* (key: string): Generator<Work> {
    for (let last = open.at(-1); last !== undefined && !key.startsWith(last.key); last = open.at(-1)) {
      const object = last;
      open.pop();
      if (all && !matched.delete(object.key)) yield () => objectWithoutManifest(store, object, signal);
    }
  };
  /** The keys in `open` whose manifest was found. */
  const matched = new Set<string>();
  for await (const object of untilAborted(objects, signal)) {
    const { key } = object;
    yield* closed(key);
    if (RECORDS.some((name) => name.test(key))) continue;
    const archiveKey = archiveOfManifest(key);
    if (archiveKey === undefined) {
      open.push(object);
      continue;
    }
    const archive = open.find((each) => each.key === archiveKey);
    if (archive !== undefined && all) matched.add(archive.key);
    yield () => manifestAt(store, object, archiveKey, archive, signal);
  }
  if (!all) return;
  for (const object of open) if (!matched.has(object.key)) yield () => objectWithoutManifest(store, object, signal);
}

async function manifestAt(
  store: Store,
  object: StoredObject,
  key: string,
  listed: StoredObject | undefined,
  signal: AbortSignal,
): Promise<Listed | undefined> {
  const archive = listed ?? (await fileOrNothing(store, key, { signal }));
  if (archive === undefined) return { kind: "orphan", key, object };
  const manifest = await readListedManifest(store, object, signal);
  if (manifest === "changed" || manifest === "gone") return await again(store, key, signal);
  if (manifest === undefined) return { kind: "noManifest", key, object: archive, unreadableManifest: true };
  return { kind: "archive", key, archive, manifest, intact: archive.size === manifest.storedSize };
}

/** Reads again the entry of an archive that is being overwritten or removed, if it still exists. */
async function again(store: Store, key: string, signal: AbortSignal): Promise<Listed | undefined> {
  const object = await fileOrNothing(store, manifestKey(key), { signal });
  const archive = await fileOrNothing(store, key, { signal });
  if (object === undefined || archive === undefined) return undefined;
  const manifest = await readListedManifest(store, object, signal);
  if (typeof manifest !== "object") return undefined;
  return { kind: "archive", key, archive, manifest, intact: archive.size === manifest.storedSize };
}

async function objectWithoutManifest(
  store: Store,
  object: StoredObject,
  signal: AbortSignal,
): Promise<ObjectWithoutManifest | undefined> {
  if ((await fileOrNothing(store, manifestKey(object.key), { signal })) !== undefined) return undefined;
  return { kind: "noManifest", key: object.key, object, unreadableManifest: false };
}
