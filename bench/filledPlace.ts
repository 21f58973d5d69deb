/** A place with many archives of one series, an hour apart: in a folder or in a bucket. */

import { createHash } from "node:crypto";
import { type Manifest, manifestKey } from "../provider/catalog/manifest";
import { withMark } from "../provider/catalog/series";
import { openStore } from "../provider/store/backends";
import { inParallel } from "../provider/store/inParallel";
import { parseLocation } from "../provider/store/location";
import type { Store, StoredObject } from "../provider/store/store";

const HOUR_MS = 60 * 60 * 1000;
const ARCHIVE = Buffer.from("an archive is not opened here");
const NAME = "{timestamp}-{nanoseconds}.snap";
const SERIES = "organization/bench/dev/backup";

export interface FilledPlace {
  readonly store: Store;
  /** The name template of the target, and the folder in it. */
  readonly template: string;
  readonly folder: string;
  readonly newest: { readonly manifest: Manifest; readonly stored: StoredObject };
}

/**
 * @param target - a folder: a path or a URL whose key ends in a slash
 * @param count - how many archives, each with its manifest
 */
export async function fillPlace(target: string, count: number): Promise<FilledPlace> {
  const location = parseLocation(withName(target));
  const store = await openStore(location);
  const folder = location.key.slice(0, location.key.lastIndexOf("/") + 1);
  const { signal } = new AbortController();
  const numbers = Array.from({ length: count }, (_, at) => at);
  const now = Date.now();
  let newest: FilledPlace["newest"] | undefined;
  await inParallel(numbers, signal, async (at) => {
    const key = `${folder}${String(at).padStart(6, "0")}.snap`;
    const age = count - 1 - at;
    const manifest = manifestOf(store.locate(key), new Date(now - age * HOUR_MS), count - age);
    const stored = await store.put(key, once(ARCHIVE));
    await store.put(manifestKey(key), once(Buffer.from(withMark(JSON.stringify(manifest, null, 2), SERIES))));
    if (age === 0) newest = { manifest, stored };
  });
  if (newest === undefined) throw new Error("nothing was stored");
  return { store, template: location.key, folder, newest };
}

/** A URL has its settings behind the name. */
function withName(folder: string): string {
  const settings = folder.indexOf("?");
  return settings < 0 ? folder + NAME : folder.slice(0, settings) + NAME + folder.slice(settings);
}

function manifestOf(location: string, takenAt: Date, index: number): Manifest {
  const sha256 = createHash("sha256").update(location).digest("hex");
  return {
    schema: 1,
    series: SERIES,
    purpose: "backup",
    consistency: "consistent",
    writtenBy: "bench",
    location,
    snapshotId: `2-${index}-${takenAt.getTime()}`,
    index,
    term: 2,
    size: 100,
    version: 1,
    archiveSize: ARCHIVE.length,
    sha256,
    storedSize: ARCHIVE.length,
    storedSha256: sha256,
    takenAt: takenAt.toISOString(),
    datacenter: "dc1",
    consulVersion: "1.14.11",
    servers: [{ id: "a-server", address: "127.0.0.1:8300", suffrage: "voter" }],
    contents: Array.from({ length: 20 }, (_, at) => ({ type: `Type${at}`, count: at, size: at })),
    digests: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`Type${at}`, sha256])),
    encrypted: false,
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
