/** What will happen to the current archive when a new one is saved, as far as a preview can know. Pure. */

import { UNKNOWN, type Values } from "../../lifecycle";
import { isEmpty } from "../../retention/policy";
import { type Location, parseLocation, samePlace } from "../../store/location";
import { fixedPrefix, namesDiffer } from "../../store/nameTemplate";
import { readRetention } from "../../args/retention";
import { isEncryptedName, encryptedName } from "../../save/encrypt";

/**
 * @param location - location of the current archive
 * @param recorded - the outputs of the last create, update or read
 * @param inputs - the arguments of the new snapshot
 * @returns one sentence; `undefined` if the archive stays
 */
export function previousArchiveNotice(location: string, recorded: Values, inputs: Values): string | undefined {
  const target = typeof inputs.target === "string" ? parseLocation(inputs.target) : undefined;
  if (target !== undefined && takesItsName(target, location, recorded, inputs)) {
    return `the new one will take the place of this archive: ${location}`;
  }
  if (recorded.deletionPolicy === "delete") {
    // An archive that was changed since the save is not deleted.
    if (recorded.archiveChanged === true) return undefined;
    return `this archive will be deleted only after the new one is saved: ${location}`;
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
  const template = encryption === undefined ? target.key : encryptedName(target.key);
  return (
    overwrite === true &&
    typeof recorded.target === "string" &&
    samePlace(target, parseLocation(recorded.target)) &&
    !namesDiffer(target.key) &&
    isEncryptedName(template) === isEncryptedName(parseLocation(location).key)
  );
}

/** Whether retention sees the archive: it lists only the place of the new one. */
function isListedBy({ scheme, bucket, key }: Location, archive: Location): boolean {
  return archive.scheme === scheme && archive.bucket === bucket && archive.key.startsWith(fixedPrefix(key));
}
