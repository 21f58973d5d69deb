/** URLs of buckets: `SCHEME://BUCKET/KEY?SETTINGS`. */

import type { Location } from "./backend";
import { withDefaultName } from "./nameTemplate";
import { checkSettings, holdsCredentials, type SettingsTable } from "./settings";
import { hasCredentials, shownUrl } from "./urlCredentials";
import { targetInvalid } from "./targetInvalid";

/**
 * @param rest - the part after `SCHEME://`
 * @throws SnapshotError `TARGET_INVALID`
 */
export function parseBucketUrl(scheme: string, settings: SettingsTable, rest: string): Location {
  const question = rest.indexOf("?");
  const place = question === -1 ? rest : rest.slice(0, question);
  const slash = place.indexOf("/");
  const bucket = slash === -1 ? place : place.slice(0, slash);
  const where = JSON.stringify(shownUrl(`${scheme}://${rest}`));
  if (hasCredentials(rest)) throw holdsCredentials(where);
  if (bucket === "") throw targetInvalid(`target ${where} has no bucket`, `Write ${scheme}://BUCKET/PREFIX/.`);
  if (/[^A-Za-z0-9._-]/.test(bucket)) {
    throw targetInvalid(
      `target ${where} has an invalid bucket name`,
      "Bucket names consist of letters, digits, dots, dashes and underscores.",
    );
  }
  const key = slash === -1 ? "" : place.slice(slash + 1);
  if (key.split("/").some((part, at, all) => part === "." || part === ".." || (part === "" && at < all.length - 1))) {
    throw targetInvalid(`target ${where} has an empty, "." or ".." part in its key`, "Remove that part.");
  }
  if (/[\\#%\u0000-\u001f\u007f]/.test(key)) {
    throw targetInvalid(`target ${where} has a control character, "\\", "#" or "%" in its key`, "Remove it.");
  }
  const values = new URLSearchParams(question === -1 ? "" : rest.slice(question + 1));
  checkSettings(settings, where, values);
  return { scheme, bucket, key: withDefaultName(key), settings: new Map(values) };
}

export function formatBucketUrl({ scheme, bucket, settings }: Location, key: string): string {
  const query = new URLSearchParams([...settings]).toString();
  return `${scheme}://${bucket}/${key}${query === "" ? "" : `?${query}`}`;
}
