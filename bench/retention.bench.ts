/** What retention costs after a save, at a place with many archives of the series: in a folder and in a bucket. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, manifestKey } from "../provider/catalog/manifest";
import { withMark } from "../provider/catalog/series";
import { prune } from "../provider/retention/prune";
import { openStore } from "../provider/store/backends";
import { inParallel } from "../provider/store/inParallel";
import { parseLocation } from "../provider/store/location";
import type { Store, StoredObject } from "../provider/store/store";
import { versitygw } from "../tests/support/stores/s3";
import { median, ms, table, timed } from "./lib";

const ROUNDS = 5;
const COUNTS = [1000, 5000] as const;
const HOUR_MS = 60 * 60 * 1000;
const ARCHIVE = Buffer.from("an archive is not opened here");
const SHA256 = "0".repeat(64);
const NAME = "{timestamp}-{nanoseconds}.snap";
const SERIES = "organization/bench/dev/backup";

interface Place {
  readonly store: Store;
  readonly template: string;
  readonly newest: { readonly manifest: Manifest; readonly stored: StoredObject };
}

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-retention-"));
  const server = await versitygw.start();
  Object.assign(process.env, server.env);
  const places: Place[] = [];
  try {
    const rows: string[][] = [];
    for (const count of COUNTS) {
      const inFolder = await fill(`${folder}/${count}/${NAME}`, count);
      const inBucket = await fill(server.url(`${count}/${NAME}`), count);
      places.push(inFolder, inBucket);
      const times: { folder: number; bucket: number }[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const each = { folder: await timeOf(inFolder, count), bucket: await timeOf(inBucket, count) };
        // The first round fills caches and is not counted.
        if (round >= 0) times.push(each);
      }
      const [one, other] = [median(times.map((t) => t.folder)), median(times.map((t) => t.bucket))];
      rows.push([count.toLocaleString("en"), ms(one), perArchive(one, count), ms(other), perArchive(other, count)]);
    }
    return `## Retention at a place with many archives

One listing and a read of each manifest of the series; the policy keeps all, so nothing is removed. Medians of ${ROUNDS} rounds.
The bucket is on versitygw on this machine.

${table(["archives", "folder", "an archive", "bucket", "an archive"], rows)}
`;
  } finally {
    for (const { store } of places) store.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function perArchive(time: number, count: number): string {
  return `${((time * 1000) / count).toFixed(0)} µs`;
}

async function fill(target: string, count: number): Promise<Place> {
  const location = parseLocation(target);
  const store = await openStore(location);
  const folder = location.key.slice(0, location.key.lastIndexOf("/") + 1);
  const { signal } = new AbortController();
  const keys = Array.from({ length: count }, (_, at) => `${folder}${String(at).padStart(6, "0")}.snap`);
  const now = Date.now();
  let newest: Place["newest"] | undefined;
  await inParallel(keys, signal, async (key) => {
    const age = count - 1 - keys.indexOf(key);
    const manifest = manifestOf(store.locate(key), new Date(now - age * HOUR_MS));
    const stored = await store.put(key, once(ARCHIVE));
    await store.put(manifestKey(key), once(Buffer.from(withMark(JSON.stringify(manifest, null, 2), SERIES))));
    if (age === 0) newest = { manifest, stored };
  });
  if (newest === undefined) throw new Error("nothing was stored");
  return { store, template: location.key, newest };
}

async function timeOf({ store, template, newest }: Place, count: number): Promise<number> {
  const reporter = {
    signal: new AbortController().signal,
    status: () => undefined,
    info: () => undefined,
    warn: (message: string) => console.warn(message),
  };
  const policy = { keepLast: count + 1 };
  const { ms, value } = await timed(() => prune({ store, template, policy, now: new Date(), saved: newest }, reporter));
  if (value?.kept !== count) throw new Error(`kept ${value?.kept} of ${count}`);
  return ms;
}

function manifestOf(location: string, takenAt: Date): Manifest {
  return {
    schema: 1,
    series: SERIES,
    purpose: "backup",
    consistency: "consistent",
    writtenBy: "bench",
    location,
    snapshotId: `2-10-${takenAt.getTime()}`,
    index: 10,
    term: 2,
    size: 100,
    version: 1,
    archiveSize: ARCHIVE.length,
    sha256: SHA256,
    storedSize: ARCHIVE.length,
    storedSha256: SHA256,
    takenAt: takenAt.toISOString(),
    datacenter: "dc1",
    consulVersion: "1.14.11",
    servers: [{ id: "a-server", address: "127.0.0.1:8300", suffrage: "voter" }],
    contents: Array.from({ length: 20 }, (_, at) => ({ type: `Type${at}`, count: at, size: at })),
    digests: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`Type${at}`, SHA256])),
    encrypted: false,
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
