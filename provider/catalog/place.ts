/** A folder or prefix that a user specifies, and its store. */

import { withStore } from "../store/backends";
import { type Location, parseLocation } from "../store/location";
import { fixedPrefix, folderOf, hasPlaceholders } from "../store/nameTemplate";
import { fileOrNothing } from "../store/smallObject";
import type { Store } from "../store/store";

export interface Place {
  readonly store: Store;
  readonly location: Location;
  /** The prefix of its archives' keys. */
  readonly prefix: string;
  /** Whether it is a single object and not a folder. */
  readonly isObject: boolean;
  /** As the user wrote it. */
  readonly name: string;
}

/**
 * Opens a place and passes it to `use`. A target's template stands for all its archives. A name without a trailing
 * slash is an object if there is one, otherwise a folder.
 *
 * @param signal - ends the request that looks for the object
 * @throws SnapshotError `TARGET_INVALID`, `STORE_*`
 */
export async function withPlace<T>(target: string, signal: AbortSignal, use: (place: Place) => Promise<T>): Promise<T> {
  const location = parseLocation(target);
  return withStore(location, async (store) => {
    const { key } = location;
    const isObject = !hasPlaceholders(key) && (await fileOrNothing(store, key, { signal })) !== undefined;
    // A trailing slash means a folder, in which archives may have any names.
    const prefix = folderOf(target, key) ?? (hasPlaceholders(key) ? fixedPrefix(key) : isObject ? key : `${key}/`);
    return use({ store, location, prefix, isObject, name: target });
  });
}
