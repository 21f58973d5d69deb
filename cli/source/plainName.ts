/** Checks that an unencrypted archive does not have a name that promises encryption. */

import { SnapshotError } from "../../provider/errors";
import { isEncryptedName } from "../../provider/save/encrypt";
import type { Location } from "../../provider/store/location";

/**
 * @param what - the name, as the message calls it
 * @param recipients - for which the archive is encrypted. Default: it is not encrypted
 * @throws SnapshotError `ARGUMENT_INVALID` where the name promises encryption, and there is none
 */
export function checkPlainName(what: string, { key }: Location, recipients: readonly string[] | undefined): void {
  if (recipients !== undefined || !isEncryptedName(key)) return;
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    `${what} ends in .age, but nothing is encrypted`,
    "Add --recipient, or name it .snap.",
  );
}
