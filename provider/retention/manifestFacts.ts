/** What retention needs of a manifest. A manifest is several times as large: it also lists the contents of the archive. */

import type { Manifest } from "../catalog/manifest";
import { compact } from "../compact";

export interface ManifestFacts
  extends Pick<
    Manifest,
    "series" | "purpose" | "location" | "takenAt" | "sha256" | "index" | "storedSize" | "storedSha256" | "datacenter"
  > {
  /** The Raft ids of the cluster's servers. */
  readonly serverIds: readonly string[];
  readonly restorable: boolean;
  /** Whether the run that saved the archive had a retention policy. */
  readonly hadRetention: boolean;
}

export function factsOf(manifest: Manifest): ManifestFacts {
  const { series, purpose, location, takenAt, sha256, index, storedSize, storedSha256 } = manifest;
  return {
    series,
    purpose,
    location,
    takenAt,
    sha256,
    index,
    storedSize,
    storedSha256,
    serverIds: manifest.servers.map(({ id }) => id),
    restorable: manifest.restorable?.ok !== false,
    hadRetention: manifest.retention === true,
    ...compact({ datacenter: manifest.datacenter }),
  };
}
