/** What becomes of the archive of now when a new one is saved: said beforehand, as far as it is known. Pure. */

import { UNKNOWN, type Values } from "../lifecycle";
import { isEmpty } from "../retention/policy";
import { fixedPrefix, type Location, namesDiffer, parseLocation, samePlace } from "../store/location";
import { readRetention } from "../transfer/retentionArgs";
import { isSealedName, sealedName } from "../transfer/sealed";

/**
 * @param location - of the archive of now
 * @param recorded - the outputs of the last create, update or read
 * @param inputs - the arguments of the new one
 * @returns one sentence, or `undefined` when the archive stays
 */
export function fateOf(location: string, recorded: Values, inputs: Values): string | undefined {
  const target = typeof inputs.target === "string" ? parseLocation(inputs.target) : undefined;
  if (target !== undefined && takesItsName(target, location, recorded, inputs)) {
    return `the new one will take the place of this archive: ${location}`;
  }
  if (recorded.deletionPolicy === "delete") {
    // One that somebody changed is left where it is.
    if (recorded.archiveChanged === true) return undefined;
    return `once the new one is saved, this archive will be deleted: ${location}`;
  }
  const policy = inputs.retention;
  if (policy !== UNKNOWN && isEmpty(readRetention(policy))) return undefined;
  if (target !== undefined && !isListedBy(target, parseLocation(location))) return undefined;
  return `once the new one is saved, retention decides whether this archive stays: ${location}`;
}

function takesItsName(
  target: Location,
  location: string,
  recorded: Values,
  { overwrite, encryption }: Values,
): boolean {
  const template = encryption === undefined ? target.key : sealedName(target.key);
  return (
    overwrite === true &&
    typeof recorded.target === "string" &&
    samePlace(target, parseLocation(recorded.target)) &&
    !namesDiffer(target.key) &&
    isSealedName(template) === isSealedName(parseLocation(location).key)
  );
}

/** Retention looks no further than the place of the new one. */
function isListedBy({ scheme, bucket, key }: Location, archive: Location): boolean {
  return archive.scheme === scheme && archive.bucket === bucket && archive.key.startsWith(fixedPrefix(key));
}
