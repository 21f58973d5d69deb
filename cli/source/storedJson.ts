/** What JSON output says of an archive that is stored with a manifest. */

import type { Manifest } from "../../provider/catalog/manifest";

type Stored = Pick<
  Manifest,
  "snapshotId" | "takenAt" | "index" | "size" | "archiveSize" | "sha256" | "storedSize" | "encrypted"
>;

export function storedJson(manifest: Stored): Stored {
  const { snapshotId, takenAt, index, size, archiveSize, sha256, storedSize, encrypted } = manifest;
  return { snapshotId, takenAt, index, size, archiveSize, sha256, storedSize, encrypted };
}
