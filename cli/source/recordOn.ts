/** Lets retention count an archive that the command has added to a series. */

import type { Manifest } from "../../provider/catalog/manifest";
import { explain } from "../../provider/errors";
import { recordArchive } from "../../provider/retention/recordArchive";
import type { Store, StoredObject } from "../../provider/store/store";
import { composed } from "../../provider/text";
import type { Progress } from "../terminal/progress";
import { shown } from "../terminal/rows";

/** The archive stays if this fails: then no rule counts it until `prune` has run. */
export async function recordOn(
  progress: Progress,
  store: Store,
  archive: StoredObject,
  manifest: Manifest,
): Promise<void> {
  try {
    await recordArchive(store, archive, manifest, progress.signal);
  } catch (error) {
    progress.line(
      composed`${shown(manifest.location)}: retention does not count it until prune has run, because it could not be recorded: ${explain(error)}`,
    );
  }
}
