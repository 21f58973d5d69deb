/**
 * Lists the archives of one series at a target: one listing, and a GET for each manifest that may belong to the series
 * and that this process has not read before. A bucket may contain millions of other objects, so only candidates are kept
 * in memory.
 */

import { isDeepStrictEqual } from "node:util";
import { untilAborted } from "../abort";
import { readListedManifest } from "../catalog/listedManifest";
import { manifestKey } from "../catalog/manifest";
import { archiveOfManifest } from "../catalog/manifestName";
import { mayBelongTo } from "../catalog/series";
import { compact } from "../compact";
import { inParallel } from "../store/inParallel";
import { fixedFolder, fixedPrefix } from "../store/nameTemplate";
import { lookUp, MAX_BYTES } from "../store/smallObject";
import type { Store, StoredObject } from "../store/store";
import { ledgerKey } from "./ledger";
import type { ManifestCache } from "./manifestCache";
import { factsOf, type ManifestFacts } from "./manifestFacts";
import type { Archive } from "./policy";

/** Manifests that are read in parallel: each request to a distant bucket takes tens of milliseconds. */
const READ_AT_ONCE = 16;

/** An archive or an orphan, with the manifest that describes it. */
export interface Described extends Archive {
  readonly manifest: StoredObject;
  /** What the manifest said when an earlier listing read it; absent if this listing read it. */
  readonly remembered?: ManifestFacts;
}

/** An archive with its stored objects. */
export interface Found extends Described {
  readonly archive: StoredObject;
  /** SHA-256 of the stored object, according to its manifest. */
  readonly storedSha256: string;
  /** Whether the run that saved it had a retention policy, according to its manifest. */
  readonly hadRetention: boolean;
  /** The location where it was saved, according to its manifest. */
  readonly savedAs: string;
  /** Whether it lies below a ledger of the series that another target, in a folder below, has left. Default: no. */
  readonly isOfOtherTarget?: true;
}

/** A manifest without an archive. */
export interface OrphanedManifest extends Described {
  readonly archiveKey: string;
}

export interface Listing {
  /** The archives of the series, without copies; cluster and purpose are not checked yet. */
  readonly archives: readonly Found[];
  readonly orphans: readonly OrphanedManifest[];
  /** Number of candidate manifests that changed after they were listed. */
  readonly changed: number;
}

export interface SeriesPlace {
  readonly store: Store;
  /** The target's name template; its constant prefix is listed. */
  readonly template: string;
  readonly series: string;
  /** Default: all manifests are read. */
  readonly cache?: ManifestCache;
}

/**
 * @param except - the key of an archive to leave out because its manifest is already known
 * @throws SnapshotError `STORE_*` if any candidate cannot be read: no decision is based on an incomplete list
 */
export async function listSeries(
  { store, template, series, cache }: SeriesPlace,
  except: string | undefined,
  signal: AbortSignal,
): Promise<Listing> {
  const memory = cache?.begin(store, fixedPrefix(template), series);
  const isOther = (key: string): boolean => except === undefined || key !== manifestKey(except);
  const { candidates: all, ledgers } = await listCandidates(store, template, series, signal);
  const candidates = all.filter(({ manifest }) => isOther(manifest.key));
  const archives: Found[] = [];
  const orphans: OrphanedManifest[] = [];
  let changed = 0;
  const add = async ({ archiveKey, manifest: object, archive: listed }: Candidate): Promise<void> => {
    const recalled = memory?.recall(object);
    const facts = recalled === undefined ? await readFacts(store, object, signal) : recalled.facts;
    if (facts === "changed") changed++;
    if (facts === "changed" || facts === "gone") return;
    if (recalled === undefined) memory?.remember(object, facts);
    if (facts?.series !== series || !isOriginal(store, archiveKey, facts)) return;
    const archive = listed ?? (await lookUp(store, archiveKey, { signal }));
    // A folder has the archive's name, so this is neither an archive nor an orphaned manifest.
    if (archive === "notAFile") return;
    const about = {
      ...describe(store.locate(archiveKey), facts, archive),
      manifest: object,
      ...compact({ remembered: recalled?.facts }),
    };
    if (archive === undefined) orphans.push({ ...about, archiveKey });
    else {
      const { storedSha256, location, hadRetention } = facts;
      const isOfOtherTarget = ledgers.some((folder) => archiveKey.startsWith(folder)) ? (true as const) : undefined;
      const own = { archive, storedSha256, savedAs: withoutSettings(location), hadRetention };
      archives.push({ ...about, ...own, ...compact({ isOfOtherTarget }) });
    }
  };
  await inParallel(candidates, signal, add, READ_AT_ONCE);
  memory?.end();
  // The excluded archive is at its original location, so another archive saved with that location is a copy of it, or
  // of one that it has replaced.
  const taken = except === undefined ? undefined : withoutSettings(store.locate(except));
  return { archives: withoutCopies(archives.filter(({ savedAs }) => savedAs !== taken)), orphans, changed };
}

async function readFacts(
  store: Store,
  object: StoredObject,
  signal: AbortSignal,
): Promise<ManifestFacts | "changed" | "gone" | undefined> {
  const manifest = await readListedManifest(store, object, signal);
  return typeof manifest === "object" ? factsOf(manifest) : manifest;
}

/**
 * Whether the manifests that an earlier listing read still say the same.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function isAsRemembered(
  store: Store,
  described: readonly Described[],
  signal: AbortSignal,
): Promise<boolean> {
  let isSame = true;
  await inParallel(
    described.filter(({ remembered }) => remembered !== undefined),
    signal,
    async ({ manifest, remembered }) => {
      if (isSame && !isDeepStrictEqual(await readFacts(store, manifest, signal), remembered)) isSame = false;
    },
    READ_AT_ONCE,
  );
  return isSame;
}

interface Candidate {
  readonly archiveKey: string;
  readonly manifest: StoredObject;
  /** Known if the store lists the archive before its manifest. */
  readonly archive: StoredObject | undefined;
}

interface Candidates {
  readonly candidates: readonly Candidate[];
  /** The folders, with their slashes, that have a ledger of the series and contain no archive of this template. */
  readonly ledgers: readonly string[];
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
): Promise<Candidates> {
  const found: Candidate[] = [];
  const ledgers: string[] = [];
  const folder = fixedFolder(template);
  const ownLedger = ledgerKey(template, series);
  const ledgerName = ownLedger.slice(folder.length);
  // Of a template with folders, those below are its own.
  const hasFolders = template.slice(folder.length).includes("/");
  const open: StoredObject[] = [];
  for await (const object of untilAborted(store.list(fixedPrefix(template)), signal)) {
    const { key, size } = object;
    if (!hasFolders && key.endsWith(`/${ledgerName}`) && key !== ownLedger)
      ledgers.push(key.slice(0, -ledgerName.length));
    for (let last = open.at(-1); last !== undefined && !key.startsWith(last.key); last = open.at(-1)) open.pop();
    const archiveKey = archiveOfManifest(key);
    if (archiveKey === undefined) {
      open.push(object);
      continue;
    }
    if (size > MAX_BYTES || !mayBelongTo(series, size)) continue;
    found.push({ archiveKey, manifest: object, archive: open.find((each) => each.key === archiveKey) });
  }
  return { candidates: found, ledgers };
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
function isOriginal(store: Store, archiveKey: string, { location }: ManifestFacts): boolean {
  return lastName(location) === lastName(store.locate(archiveKey));
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
export function describe(location: string, facts: ManifestFacts, object: StoredObject | undefined): Archive {
  const { series, purpose, takenAt, sha256, index, serverIds, storedSize, restorable } = facts;
  return {
    location,
    series,
    purpose,
    takenAt: new Date(takenAt),
    sha256,
    index,
    ...compact({ datacenter: facts.datacenter }),
    serverIds,
    intact: object?.size === storedSize,
    restorable,
    writtenAt: object?.modified ?? new Date(0),
  };
}
