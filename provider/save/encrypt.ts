/** Encrypts an archive on its way to a store. */

import { createHash } from "node:crypto";
import { encrypt } from "../age/encrypt";
import type { StoredBytes } from "../catalog/manifest";

const SUFFIX = ".age";

/** The name, or the name template, of an encrypted archive: it ends in `.age`, as the age tool's files do. */
export function encryptedName(key: string): string {
  return isEncryptedName(key) ? key : key + SUFFIX;
}

export function isEncryptedName(key: string): boolean {
  return key.endsWith(SUFFIX);
}

export interface EncryptedStream {
  /** The encrypted bytes, once. They end without an error only if the archive's own bytes do. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Size and hash of the encrypted bytes, once they have ended. It never rejects; it stays pending if they fail. */
  readonly stored: Promise<StoredBytes>;
}

/** @param recipients - each `age1…`; at least one */
export function encryptStream(archive: AsyncIterable<Uint8Array>, recipients: readonly string[]): EncryptedStream {
  let publish: (stored: StoredBytes) => void = () => undefined;
  const stored = new Promise<StoredBytes>((resolve) => (publish = resolve));
  async function* bytes(): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of encrypt(archive, recipients)) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
    publish({ size, sha256: hash.digest("hex") });
  }
  return { bytes: bytes(), stored };
}
