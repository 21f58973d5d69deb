/** What the agent remembers of the manifests at its destinations, for as long as its configuration lasts. */

import { CACHE_LIMITS, ManifestCache } from "../provider/retention/manifestCache";
import type { Destination } from "./config/destinations";

export type ManifestCaches = ReadonlyMap<Destination, ManifestCache>;

/** Each destination has its own, because each may have other credentials. Together they keep the limits of a process. */
export function manifestCachesOf(destinations: readonly Destination[]): ManifestCaches {
  const limits = {
    manifests: Math.floor(CACHE_LIMITS.manifests / destinations.length),
    bytes: Math.floor(CACHE_LIMITS.bytes / destinations.length),
  };
  return new Map(destinations.map((destination) => [destination, new ManifestCache(limits)]));
}
