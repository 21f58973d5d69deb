/** Archives as a save leaves them, without the save; and a pruning whose requests and words are kept. */

import { createHash } from "node:crypto";
import { readdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { compact } from "../../../provider/compact";
import type { SnapshotError } from "../../../provider/errors";
import type { Policy } from "../../../provider/retention/policy";
import type { Store, StoredObject } from "../../../provider/store/store";
import { type Manifest, manifestKey } from "../../../provider/catalog/manifest";
import type { ManifestCache } from "../../../provider/retention/manifestCache";
import { prune, type Pruned } from "../../../provider/retention/prune";
import { withMark } from "../../../provider/catalog/series";

export const SERIES = "acme/shop/prod/backup";
/** The clock of every pruning here: a little ahead of the machine's, so that what was just written is of the past. */
export const NOW = new Date(Date.now() + 60 * 1000);
const ARCHIVE = "an archive";
const ARCHIVE_SHA256 = sha256Of(ARCHIVE);
/** Saves a look at what is there. */
const PUT = { overwrite: true };

export function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function daysAgo(days: number): Date {
  return new Date(NOW.getTime() - days * 24 * 60 * 60 * 1000);
}

export interface About {
  readonly takenAt: Date;
  readonly index: number;
  readonly series?: string;
  readonly purpose?: Manifest["purpose"];
  readonly datacenter?: string;
  /** Raft ids. */
  readonly servers?: readonly string[];
  /** What the manifest gives, when that is not where it lies. */
  readonly location?: string;
  /** Whether the manifest's length tells its series. Default: yes. */
  readonly marked?: boolean;
  /** Whether it was saved with a retention policy. Default: no. */
  readonly retention?: true;
  /** Default: the hash of what is stored. */
  readonly storedSha256?: string;
  /** Default: unknown. */
  readonly restorable?: Manifest["restorable"];
}

export interface Saved {
  readonly manifest: Manifest;
  readonly stored: StoredObject;
  /** As `PruneRequest.saved` has it. Default: it was announced. */
  readonly unannounced?: SnapshotError;
}

/** Puts an archive and its manifest at `key`. */
export async function keepAt(store: Store, key: string, about: About): Promise<Saved> {
  const { takenAt, index, series = SERIES, purpose = "backup", datacenter = "dc1", servers = ["a", "b", "c"] } = about;
  const manifest: Manifest = {
    schema: 1,
    series,
    purpose,
    location: about.location ?? store.locate(key),
    snapshotId: `2-${index}-${takenAt.getTime()}`,
    index,
    term: 2,
    size: 100,
    version: 1,
    archiveSize: ARCHIVE.length,
    // No two are copies of each other.
    sha256: sha256Of(key),
    storedSize: ARCHIVE.length,
    storedSha256: about.storedSha256 ?? ARCHIVE_SHA256,
    takenAt: takenAt.toISOString(),
    datacenter,
    servers: servers.map((id) => ({ id, address: "127.0.0.1:8300", suffrage: "voter" })),
    contents: [],
    digests: {},
    consistency: "consistent",
    encrypted: false,
    ...compact({ restorable: about.restorable, retention: about.retention }),
    writtenBy: "tests",
  };
  const text = JSON.stringify(manifest, null, 2);
  await store.put(manifestKey(key), bytes(about.marked === false ? text : withMark(text, series)), PUT);
  return { manifest, stored: await store.put(key, bytes(ARCHIVE), PUT) };
}

/** Makes all files in a folder an hour older, as far as the file system tells. */
export async function makeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    const older = new Date(mtimeMs - 60 * 60 * 1000);
    await utimes(path, older, older);
  }
}

export interface Asked {
  readonly method: "list" | "read" | "head" | "put" | "delete";
  readonly key: string;
}

export interface PruneOptions {
  readonly now?: Date;
  readonly signal?: AbortSignal;
  /** As `PruneRequest.sparedMs`. Default: nothing is spared because it is young. */
  readonly sparedMs?: number;
  /** As `PruneRequest.cache`. */
  readonly cache?: ManifestCache;
}

/** Prunes as a save does after `saved`. */
export async function pruneAfter(
  store: Store,
  template: string,
  saved: Saved,
  policy: Policy,
  { now = NOW, signal = new AbortController().signal, sparedMs = Number.NEGATIVE_INFINITY, cache }: PruneOptions = {},
): Promise<{ pruned: Pruned | undefined; said: { info: string[]; warn: string[] }; asked: Asked[] }> {
  const asked: Asked[] = [];
  const said = { info: new Array<string>(), warn: new Array<string>() };
  const listened: Store = {
    locate: (key) => store.locate(key),
    put(key, source, options) {
      asked.push({ method: "put", key });
      return store.put(key, source, options);
    },
    sweep: () => Promise.reject(new Error("pruning sweeps nothing")),
    now: () => Promise.resolve(now),
    close: () => undefined,
    list(prefix) {
      asked.push({ method: "list", key: prefix });
      return store.list(prefix);
    },
    read(key, options) {
      asked.push({ method: "read", key });
      return store.read(key, options);
    },
    head(key, options) {
      asked.push({ method: "head", key });
      return store.head(key, options);
    },
    delete(key, options) {
      asked.push({ method: "delete", key });
      return store.delete(key, options);
    },
  };
  const pruned = await prune(
    { store: listened, template, policy, saved, now, sparedMs, ...compact({ cache }) },
    {
      signal,
      status: () => undefined,
      info: (message) => said.info.push(message),
      warn: (message) => said.warn.push(message),
    },
  );
  return { pruned, said, asked };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable, also a short one
async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
