/** What lies at a target's place and may be of one series: one listing, and a GET for each manifest that may be ours. */

import { SnapshotError } from "../errors";
import type { Archive } from "../retention/policy";
import { fixedPrefix } from "../store/location";
import type { Store, StoredObject } from "../store/store";
import { inParallel } from "./inParallel";
import { type Manifest, manifestKey, parseManifest } from "./manifest";
import { mayBelongTo } from "./seriesMark";
import { MAX_BYTES } from "./small";
import { untilAborted } from "../store/parts";

const SUFFIX = manifestKey("");

/** An archive with the objects that hold it. */
export interface Found extends Archive {
  readonly archive: StoredObject;
  readonly manifest: StoredObject;
}

/** A manifest whose archive is not there. */
export interface Leftover extends Archive {
  readonly archiveKey: string;
  readonly manifest: StoredObject;
}

export interface Listing {
  readonly fresh: Archive;
  /** Those of the series, the new one left out; whose cluster and purpose they are is not judged yet. */
  readonly archives: readonly Found[];
  readonly leftovers: readonly Leftover[];
}

/**
 * @param saved - what was just saved, and whose series is meant
 * @throws SnapshotError `STORE_*` when anything that may be ours cannot be read: half a picture decides nothing
 */
export async function listOurs(
  store: Store,
  template: string,
  saved: { readonly manifest: Manifest; readonly stored: StoredObject },
  signal: AbortSignal,
): Promise<Listing> {
  const objects = new Map<string, StoredObject>();
  for await (const object of untilAborted(store.list(fixedPrefix(template)), signal)) {
    objects.set(object.key, object);
  }
  const { series } = saved.manifest;
  const freshKey = saved.stored.key;
  const archives: Found[] = [];
  const leftovers: Leftover[] = [];
  const maybeOurs = [...objects.values()].filter(
    ({ key, size }) =>
      key.endsWith(SUFFIX) && key !== manifestKey(freshKey) && size <= MAX_BYTES && mayBelongTo(series, size),
  );
  await inParallel(maybeOurs, signal, async (object) => {
    const manifest = await readListed(store, object);
    const archiveKey = object.key.slice(0, -SUFFIX.length);
    if (manifest?.series !== series || !isOriginal(store, archiveKey, manifest)) return;
    const archive = objects.get(archiveKey);
    const about = describe(store, archiveKey, manifest, archive?.size === manifest.storedSize);
    if (Number.isNaN(about.takenAt.getTime())) return;
    if (archive === undefined) leftovers.push({ ...about, archiveKey, manifest: object });
    else archives.push({ ...about, archive, manifest: object });
  });
  return { fresh: describeFresh(store, saved, objects.get(freshKey)), archives, leftovers };
}

function describeFresh(
  store: Store,
  { manifest, stored }: { readonly manifest: Manifest; readonly stored: StoredObject },
  listed: StoredObject | undefined,
): Archive {
  const intact = listed?.version === stored.version && listed.size === manifest.storedSize;
  return describe(store, stored.key, manifest, intact);
}

/** In the version that was listed; `undefined` when it is gone or another one by now, or is none. */
async function readListed(store: Store, { key, version }: StoredObject): Promise<Manifest | undefined> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of store.read(key, { version })) parts.push(part);
  } catch (error) {
    if (error instanceof SnapshotError && ["STORE_CHANGED", "STORE_NOT_FOUND"].includes(error.code)) return undefined;
    throw error;
  }
  return parseManifest(Buffer.concat(parts));
}

/** A copy that somebody set aside under another name is theirs, also with its manifest. A moved folder stays ours. */
function isOriginal(store: Store, archiveKey: string, manifest: Manifest): boolean {
  return lastName(manifest.location) === lastName(store.locate(archiveKey));
}

function lastName(location: string): string | undefined {
  return location.replace(/\?.*$/s, "").split(/[/\\]/).at(-1);
}

function describe(store: Store, archiveKey: string, manifest: Manifest, intact: boolean): Archive {
  const { series, purpose, index, datacenter } = manifest;
  // Only its being a list was checked when it was read.
  const servers: readonly unknown[] = manifest.servers;
  return {
    location: store.locate(archiveKey),
    series,
    purpose,
    takenAt: new Date(manifest.takenAt),
    index,
    ...(datacenter === undefined ? {} : { datacenter }),
    serverIds: servers.flatMap((server) =>
      typeof server === "object" && server !== null && "id" in server && typeof server.id === "string"
        ? [server.id]
        : [],
    ),
    intact,
  };
}
