/**
 * What a process remembers of the manifests that it has read, so that its next listing of the same series at the same
 * place reads only those that are new. It is neither on disk nor in the store, where others could write to it.
 *
 * It belongs to one account: the location of a place contains its bucket and settings, but not the credentials.
 *
 * A manifest is recognized by its key, size, version and times. Where somebody could rewrite it and keep all of these,
 * the cache says what the manifest once said. So a run of retention reads again the manifests of the archives that it
 * is about to remove.
 */

import type { Store, StoredObject } from "../store/store";
import type { ManifestFacts } from "./manifestFacts";

export interface CacheLimits {
  readonly manifests: number;
  readonly bytes: number;
}

/** Of one process. */
export const CACHE_LIMITS: CacheLimits = { manifests: 20_000, bytes: 16 * 1024 * 1024 };

/** A file that was changed a moment ago may change again within the resolution of its times. */
const SETTLED_MS = 2000;
/** Of a server that lists objects without ETags. */
const NO_VERSION = /^"*$/;
/** Objects, headers of strings and the slots of a map, about. */
const ENTRY_BYTES = 500;

interface Entry {
  readonly object: Omit<StoredObject, "key">;
  /** `undefined` if it is not a valid manifest. */
  readonly facts: ManifestFacts | undefined;
  readonly bytes: number;
}

/** What is remembered of one series at one place: the manifests of its last listing. */
interface Remembered {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly bytes: number;
}

const NOTHING: Remembered = { entries: new Map(), bytes: 0 };

export class ManifestCache {
  readonly #limits: CacheLimits;
  readonly #now: () => number;
  /** The one that was listed least recently comes first. */
  readonly #places = new Map<string, Remembered>();

  /** @param now - the current time in milliseconds */
  constructor(limits: CacheLimits = CACHE_LIMITS, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /** @param prefix - of the keys that are listed */
  begin(store: Store, prefix: string, series: string): RememberedListing {
    const place = placeOf(store, prefix, series);
    const settled = this.#now() - SETTLED_MS;
    const keep = (listed: Remembered): void => this.#keep(place, listed);
    return new RememberedListing(this.#places.get(place) ?? NOTHING, this.#limits, settled, keep);
  }

  /** Makes the next listing of a series read all its manifests. */
  forget(store: Store, prefix: string, series: string): void {
    this.#places.delete(placeOf(store, prefix, series));
  }

  /** Number of remembered manifests, and their approximate size in memory. */
  get size(): CacheLimits {
    const places = [...this.#places.values()];
    return {
      manifests: places.reduce((sum, { entries }) => sum + entries.size, 0),
      bytes: places.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  #keep(place: string, listed: Remembered): void {
    this.#places.delete(place);
    this.#places.set(place, listed);
    for (const oldest of this.#places.keys()) {
      const { manifests, bytes } = this.size;
      if (manifests <= this.#limits.manifests && bytes <= this.#limits.bytes) return;
      this.#places.delete(oldest);
    }
  }
}

/** One listing of a series. */
export class RememberedListing {
  readonly #before: Remembered;
  readonly #limits: CacheLimits;
  readonly #settled: number;
  readonly #keep: (listed: Remembered) => void;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(before: Remembered, limits: CacheLimits, settled: number, keep: (listed: Remembered) => void) {
    this.#before = before;
    this.#limits = limits;
    this.#settled = settled;
    this.#keep = keep;
  }

  /** What an earlier listing read of this very object; `undefined` if it has to be read. */
  recall(object: StoredObject): { readonly facts: ManifestFacts | undefined } | undefined {
    const entry = this.#before.entries.get(object.key);
    if (entry === undefined || !isSame(entry.object, object)) return undefined;
    this.#add(object.key, entry);
    return entry;
  }

  /** @param facts - `undefined` if it is not a valid manifest */
  remember(object: StoredObject, facts: ManifestFacts | undefined): void {
    const { key, ...rest } = object;
    const isSettled = rest.changed === undefined || rest.changed.getTime() <= this.#settled;
    if (!isSettled || NO_VERSION.test(rest.version)) return;
    this.#add(key, { object: rest, facts, bytes: bytesOf(object, facts) });
  }

  /** The listing is complete: what it did not see is gone, and forgotten. */
  end(): void {
    this.#keep({ entries: this.#entries, bytes: this.#bytes });
  }

  /** Beyond the limits nothing is added: if the oldest went, each of the next listings would miss all. */
  #add(key: string, entry: Entry): void {
    const { manifests, bytes } = this.#limits;
    if (this.#entries.size >= manifests || this.#bytes + entry.bytes > bytes) return;
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }
}

function placeOf(store: Store, prefix: string, series: string): string {
  return JSON.stringify([store.locate(prefix), series]);
}

function isSame(one: Entry["object"], other: Entry["object"]): boolean {
  return (
    one.version === other.version &&
    one.size === other.size &&
    one.modified.getTime() === other.modified.getTime() &&
    one.changed?.getTime() === other.changed?.getTime()
  );
}

/** One character outside Latin-1 doubles the size of its string. */
function bytesOf({ key, version }: StoredObject, facts: ManifestFacts | undefined): number {
  const text = JSON.stringify([key, version, facts]);
  return ENTRY_BYTES + text.length * (/[^\0-\xff]/.test(text) ? 2 : 1);
}
