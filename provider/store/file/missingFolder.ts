/** Distinguishes a folder that was never made from one that cannot be seen now. */

import { lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../../systemCode";

/**
 * Whether a folder does not exist, so that the first save would create it. A link that leads nowhere, as to a disk that is not
 * mounted, and a folder that may not be looked at are not missing: what is there is unknown.
 */
export async function isMissingFolder(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const found = await systemCodeOf(lstat(at));
    if (found === "") return at !== path && (await systemCodeOf(stat(at))) === "";
    if (found !== "ENOENT" || at === dirname(at)) return false;
  }
}

/** The code of a failure; empty if there is none. */
function systemCodeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "",
    (error: unknown) => systemCode(error) || "unknown",
  );
}
