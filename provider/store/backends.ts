/** The backends: one line each. Parsing, the check of settings, help and opening all use this list. */

import { azureBackend } from "./azure/backend";
import type { Backend, Location } from "./backend";
import type { StoreCredentials, StoreHints } from "./credentials";
import { fileBackend } from "./file/backend";
import { gcsBackend } from "./gcs/backend";
import { s3Backend } from "./s3/backend";
import type { Store } from "./store";

const BACKENDS: Backend[] = [fileBackend, s3Backend, gcsBackend, azureBackend];

export interface OpenOptions {
  /** How long a server may be silent, in milliseconds. Default: two minutes. */
  readonly stallMs?: number;
  /** Default: those that the cloud's own tools find. */
  readonly credentials?: StoreCredentials;
  /** Default: those for the URL of a target. */
  readonly hints?: StoreHints;
}

const STALL_MS = 2 * 60 * 1000;

/**
 * Opens the store of a location.
 *
 * @throws SnapshotError `TARGET_INVALID` if a setting is missing, or a library that the store needs is not installed;
 * `STORE_DENIED` if credentials cannot be read
 */
export function openStore(
  location: Location,
  { stallMs = STALL_MS, credentials, hints }: OpenOptions = {},
): Promise<Store> {
  return backendOf(location).open(location, stallMs, credentials, hints);
}

/**
 * Opens the store of a location for `work`, and closes it.
 *
 * @throws SnapshotError as `openStore` does, and what `work` throws
 */
export async function withStore<T>(
  location: Location,
  work: (store: Store) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  const store = await openStore(location, options);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

export function schemes(): readonly string[] {
  return BACKENDS.map(({ scheme }) => scheme);
}

/** The backend of a URL scheme, case-insensitive; `undefined` if there is none. */
export function findBackend(scheme: string): Backend | undefined {
  return BACKENDS.find((backend) => backend.scheme === scheme.toLowerCase());
}

/** The backend that parsed a location. */
export function backendOf({ scheme }: Location): Backend {
  const backend = findBackend(scheme);
  if (backend === undefined) throw new Error(`no backend for ${scheme}://`);
  return backend;
}

/** Adds a backend to this process. Only tests use it, for `memory://`. */
export function registerBackend(backend: Backend): void {
  if (findBackend(backend.scheme) === undefined) BACKENDS.push(backend);
}
