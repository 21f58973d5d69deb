/**
 * The description of a kind of store, available before a store is opened. Each backend has a folder with an entry of
 * this type.
 */

import type { StoreCredentials, StoreHints } from "./credentials";
import type { ErrorTable } from "./failures";
import type { SettingsTable } from "./settings";
import type { Store } from "./store";

/** The location of an archive, existing or to be written. */
export interface Location {
  readonly scheme: string;
  /** The bucket or container; empty for files. */
  readonly bucket: string;
  /** The key or its name template: `/`-separated and relative, or an absolute path for files. */
  readonly key: string;
  /** The URL's settings, such as `region`; empty for files. */
  readonly settings: ReadonlyMap<string, string>;
}

export interface Backend {
  /** The URL's scheme, in lower case. */
  readonly scheme: string;
  /** The settings that a URL may have. */
  readonly settings: SettingsTable;
  /** The meaning of the service's error codes, and the hint for denied access. */
  readonly errors?: ErrorTable;
  /**
   * Parses the part after `SCHEME://`.
   *
   * @param cwd - the folder that relative paths start from. Default: the working directory
   * @throws SnapshotError `TARGET_INVALID`
   */
  readonly parse: (rest: string, cwd?: string) => Location;
  /** Writes a location with another key, as a user would type it. */
  readonly format: (location: Location, key: string) => string;
  /**
   * Opens the store. Its code and its library are loaded only now.
   *
   * @param stallMs - how long a server may be silent
   * @param credentials - Default: those that the cloud's own tools find
   * @param hints - Default: those for the URL of a target
   * @throws SnapshotError `TARGET_INVALID` if a setting is missing or the library is not installed; `STORE_DENIED` if
   * credentials cannot be read
   */
  readonly open: (
    location: Location,
    stallMs: number,
    credentials?: StoreCredentials,
    hints?: StoreHints,
  ) => Promise<Store>;
}
