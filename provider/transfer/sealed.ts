/** An archive on its way to a store, encrypted: what is sealed last is sealed only when the whole of it was sound. */

import { createHash } from "node:crypto";
import type { ArchiveReport } from "../archive/reader";
import { encrypt } from "./encryption";
import type { Watched } from "./watch";

const SUFFIX = ".age";

/** The object that a store holds. */
export interface StoredBytes {
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
}

/** The name, or the name template, of an encrypted archive: it ends in `.age`, as the age tool's files do. */
export function sealedName(key: string): string {
  return isSealedName(key) ? key : key + SUFFIX;
}

export function isSealedName(key: string): boolean {
  return key.endsWith(SUFFIX);
}

/**
 * The encrypted bytes, once.
 *
 * @param whenSealed - the last step of the stream, before whoever reads it learns of its end
 * @throws SnapshotError `ARCHIVE_*` while the bytes are read
 */
export async function* sealed(
  watched: Watched,
  recipients: readonly string[],
  whenSealed: (report: ArchiveReport, stored: StoredBytes) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const sound: ArchiveReport[] = [];
  const archive = watched.bytes((report) => {
    sound.push(report);
    return Promise.resolve();
  });
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of encrypt(archive, recipients)) {
    hash.update(chunk);
    size += chunk.length;
    yield chunk;
  }
  const [report] = sound;
  if (report === undefined) throw new Error("the encryption finished before its source");
  await whenSealed(report, { size, sha256: hash.digest("hex") });
}
