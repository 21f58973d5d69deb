/** A folder that nobody has made yet: it has no archive, as a prefix of a bucket that no object has. */

import { dirname } from "node:path";
import type { Place } from "../../provider/catalog/place";
import { isMissingFolder } from "../../provider/store/file/missingFolder";

/** The path of the place's folder if the first save would create it; `undefined` for buckets. */
export async function missingFolderOf({
  location,
  prefix,
}: Pick<Place, "location" | "prefix">): Promise<string | undefined> {
  if (location.scheme !== "file") return undefined;
  const folder = dirname(`${prefix}x`);
  return (await isMissingFolder(folder)) ? folder : undefined;
}
