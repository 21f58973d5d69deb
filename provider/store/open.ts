/** Which store serves a location. A store's code, and the SDK it needs, loads only when a target names it. */

import { fileStore } from "./file";
import type { Location } from "./location";
import type { Store } from "./store";

export interface OpenOptions {
  /** How long a server may be silent, in milliseconds. Default: two minutes. */
  readonly stallMs?: number;
}

const STALL_MS = 2 * 60 * 1000;

/**
 * @throws SnapshotError `TARGET_INVALID` when a setting is missing, or a library that the store needs is not installed;
 *   `STORE_DENIED` when credentials cannot be read
 */
export async function openStore(location: Location, { stallMs = STALL_MS }: OpenOptions = {}): Promise<Store> {
  switch (location.scheme) {
    case "file":
      return fileStore();
    case "s3":
      return (await import("./s3.js")).s3Store(location, stallMs);
    case "gs":
      return (await import("./gcs.js")).gcsStore(location, stallMs);
    case "azblob":
      return (await import("./azure.js")).azureStore(location, stallMs);
  }
}
