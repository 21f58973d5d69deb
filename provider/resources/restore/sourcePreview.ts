/** The cheap checks of the archive in a preview: whether it exists, begins like an archive, and can be decrypted. */

import { decryptIfEncrypted } from "../../age/decrypt";
import type { Decryption } from "../../age/identities";
import { isCode } from "../../errors";
import { withStore } from "../../store/backends";
import { formatLocation, type Location } from "../../store/location";
import { lookUp } from "../../store/smallObject";
import type { Store, StoredObject } from "../../store/store";

/** The first bytes of gzip data (RFC 1952). */
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * @param signal - aborts the check
 * @returns why the archive cannot be restored as it is now, as a sentence; `undefined` if no reason is known, or the store
 *   does not answer
 */
export async function sourceProblem(
  source: Location,
  decryption: Decryption,
  signal: AbortSignal,
): Promise<string | undefined> {
  const location = formatLocation(source);
  try {
    return await withStore(source, async (store) => {
      const object = await lookUp(store, source.key, { signal });
      if (object === undefined) return `there is no archive at ${location}`;
      if (object === "notAFile") return `${location} is not a file`;
      return (await beginsAsArchive(store, object, decryption, signal)) ? undefined : `${location} is not an archive`;
    });
  } catch (error) {
    // The restore itself reports problems with the store.
    return isCode(error, "DECRYPTION_FAILED", "ARGUMENT_INVALID") ? `${location}: ${error.message}` : undefined;
  }
}

/** Reads the first bytes of the archive; if it is encrypted, an identity must decrypt them. */
async function beginsAsArchive(
  store: Store,
  object: StoredObject,
  decryption: Decryption,
  signal: AbortSignal,
): Promise<boolean> {
  let head = Buffer.alloc(0);
  const stored = store.read(object.key, { version: object.version, signal });
  for await (const piece of decryptIfEncrypted(stored, { decryption })) {
    head = Buffer.concat([head, piece]);
    if (head.length >= GZIP.length) break;
  }
  return head.subarray(0, GZIP.length).equals(GZIP);
}
