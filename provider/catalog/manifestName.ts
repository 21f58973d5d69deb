/** The names of manifests, and of the archives that they describe. */

import { manifestKey } from "./manifest";

const SUFFIX = manifestKey("");

/** The name of the archive that a manifest with this name describes; `undefined` if it is not a manifest's name. */
export function archiveOfManifest(name: string): string | undefined {
  const archive = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : "";
  // A file whose name is only the suffix does not belong to an archive.
  return archive === "" || archive.endsWith("/") ? undefined : archive;
}
