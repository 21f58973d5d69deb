/**
 * Lists the archives of one series at a target: one listing, and a GET for each manifest that may belong to the series.
 * A bucket may contain millions of other objects, so only candidates are kept in memory.
 */

import { untilAborted } from "../abort";
import { readListedManifest } from "../catalog/listedManifest";
import { type Manifest, manifestKey } from "../catalog/manifest";
import { archiveOfManifest } from "../catalog/manifestName";
import { mayBelongTo } from "../catalog/series";
import { compact } from "../compact";
import { inParallel } from "../store/inParallel";
import { fixedPrefix } from "../store/nameTemplate";
import { lookUp, MAX_BYTES } from "../store/smallObject";
import type { Store, StoredObject } from "../store/store";
import type { Archive } from "./policy";

/** Manifests that are read in parallel: each request to a distant bucket takes tens of milliseconds. */
const READ_AT_ONCE = 16;

/** An archive with its stored objects. */
export interface Found extends Archive {
  readonly archive: StoredObject;
  readonly manifest: StoredObject;
  /** SHA-256 of the stored object, according to its manifest. */
  readonly storedSha256: string;
  /** Whether the run that saved it had a retention policy, according to its manifest. */
  readonly hadRetention: boolean;
  /** The location where it was saved, according to its manifest. */
  readonly savedAs: string;
}

/** A manifest without an archive. */
export interface OrphanedManifest extends Archive {
  readonly archiveKey: string;
  readonly manifest: StoredObject;
}

export interface Listing {
  /** The archives of the series, without copies; cluster and purpose are not checked yet. */
  readonly archives: readonly Found[];
  readonly orphans: readonly OrphanedManifest[];
  /** Number of candidate manifests that changed after they were listed. */
  readonly changed: number;
}

/**
 * @param template - the target's name template; its constant prefix is listed
 * @param except - the key of an archive to leave out because its manifest is already known
 * @throws SnapshotError `STORE_*` if any candidate cannot be read: no decision is based on an incomplete list
 */
export async function listSeries(
  store: Store,
  template: string,
  series: string,
  except: string | undefined,
  signal: AbortSignal,
): Promise<Listing> {
  const isOther = (key: string): boolean => except === undefined || key !== manifestKey(except);
  const all = await listCandidates(store, template, series, signal);
  const candidates = all.filter(({ manifest }) => isOther(manifest.key));
  const archives: Found[] = [];
  const orphans: OrphanedManifest[] = [];
  let changed = 0;
  const add = async ({ archiveKey, manifest: object, archive: listed }: Candidate): Promise<void> => {
    const manifest = await readListedManifest(store, object, signal);
    if (manifest === "changed") changed++;
    if (typeof manifest !== "object" || manifest.series !== series) return;
    if (!isOriginal(store, archiveKey, manifest)) return;
    const archive = listed ?? (await lookUp(store, archiveKey, { signal }));
    // A folder has the archive's name, so this is neither an archive nor an orphaned manifest.
    if (archive === "notAFile") return;
    const about = describe(store.locate(archiveKey), manifest, archive);
    if (archive === undefined) orphans.push({ ...about, archiveKey, manifest: object });
    else {
      const { storedSha256, location, retention } = manifest;
      const savedAs = withoutSettings(location);
      archives.push({ ...about, archive, manifest: object, storedSha256, savedAs, hadRetention: retention === true });
    }
  };
  await inParallel(candidates, signal, add, READ_AT_ONCE);
  // The excluded archive is at its original location, so another archive saved with that location is a copy of it, or
  // of one that it has replaced.
  const taken = except === undefined ? undefined : withoutSettings(store.locate(except));
  return { archives: withoutCopies(archives.filter(({ savedAs }) => savedAs !== taken)), orphans, changed };
}

interface Candidate {
  readonly archiveKey: string;
  readonly manifest: StoredObject;
  /** Known if the store lists the archive before its manifest. */
  readonly archive: StoredObject | undefined;
}

/**
 * Buckets list in name order: an archive comes before its manifest, and only names that start with the archive's name
 * come between them.
 */
async function listCandidates(
  store: Store,
  template: string,
  series: string,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const open: StoredObject[] = [];
  for await (const object of untilAborted(store.list(fixedPrefix(template)), signal)) {
    const { key, size } = object;
    for (let last = open.at(-1); last !== undefined && !key.startsWith(last.key); last = open.at(-1)) open.pop();
    const archiveKey = archiveOfManifest(key);
    if (archiveKey === undefined) {
      open.push(object);
      continue;
    }
    if (size > MAX_BYTES || !mayBelongTo(series, size)) continue;
    found.push({ archiveKey, manifest: object, archive: open.find((each) => each.key === archiveKey) });
  }
  return found;
}

/**
 * Drops copies that a person made in a folder below. If no archive is at its original location, because the whole
 * folder was moved, the one with the shortest key counts as the original.
 */
function withoutCopies(archives: readonly Found[]): Found[] {
  const rank = ({ archive: { key }, location, savedAs }: Found): readonly [number, string] => [
    withoutSettings(location) === savedAs ? 0 : key.length,
    key,
  ];
  const originals = new Map<string, Found>();
  for (const found of archives) {
    const known = originals.get(found.savedAs);
    if (known === undefined || isLess(rank(found), rank(known))) originals.set(found.savedAs, found);
  }
  return archives.filter((found) => originals.get(found.savedAs) === found);
}

function isLess([one, key]: readonly [number, string], [other, otherKey]: readonly [number, string]): boolean {
  return one === other ? key < otherKey : one < other;
}

/**
 * A copy under another name does not belong to the series, even with its manifest. An archive in a moved folder does.
 */
function isOriginal(store: Store, archiveKey: string, manifest: Manifest): boolean {
  return lastName(manifest.location) === lastName(store.locate(archiveKey));
}

function lastName(location: string): string | undefined {
  return withoutSettings(location).split(/[/\\]/).at(-1);
}

/** Only URLs have settings: in a path, a question mark is part of the name. */
function withoutSettings(location: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(location) ? location.replace(/\?.*$/s, "") : location;
}

/**
 * @param object - the archive's object, if it exists
 * @param location - as a user would write it
 */
export function describe(location: string, manifest: Manifest, object: StoredObject | undefined): Archive {
  return {
    location,
    series: manifest.series,
    purpose: manifest.purpose,
    takenAt: new Date(manifest.takenAt),
    sha256: manifest.sha256,
    index: manifest.index,
    ...compact({ datacenter: manifest.datacenter }),
    serverIds: manifest.servers.map(({ id }) => id),
    intact: object?.size === manifest.storedSize,
    restorable: manifest.restorable?.ok !== false,
    writtenAt: object?.modified ?? new Date(0),
  };
}
