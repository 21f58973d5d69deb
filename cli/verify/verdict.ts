/** The verdict on an archive that a command names. */

import type { Decryption } from "../../provider/age/identities";
import { archiveOfManifest } from "../../provider/catalog/manifestName";
import { failedVerdict, type Verdict, verdictOn } from "../../provider/catalog/verdict";
import { isCode, SnapshotError } from "../../provider/errors";
import { programName } from "../../provider/program";
import { shellWord } from "../../provider/shellWord";
import { shownUrl } from "../../provider/store/urlCredentials";
import { readArchive } from "../source/readArchive";
import { readManifestBeside } from "../source/source";
import { shown } from "../terminal/rows";

export interface VerdictRequest {
  /** Judge whether this version of Consul can restore the archive. Default: none. */
  readonly consulVersion?: string;
  /** For an encrypted archive, from `decryptionOf`. */
  readonly decryption: Decryption;
}

/** Reads an archive to its last byte. A failure is a verdict, too. */
export async function judgeArchive(name: string, { consulVersion, decryption }: VerdictRequest): Promise<Verdict> {
  try {
    let storedSize = 0;
    const report = await readArchive(name, decryption, {}, (bytes) => (storedSize += bytes));
    return verdictOn(name, { report, storedSize, manifest: await readManifestBeside(name) }, consulVersion);
  } catch (error) {
    const failure = isCode(error, "ARCHIVE_NOT_GZIP") ? (aboutManifest(name) ?? error) : error;
    // A refused URL may contain a secret.
    return failedVerdict(isCode(failure, "TARGET_INVALID") ? shownUrl(name) : name, failure);
  }
}

/** The error for the name of a manifest: its archive is what can be verified. */
function aboutManifest(name: string): SnapshotError | undefined {
  const archive = archiveOfManifest(name);
  if (archive === undefined) return undefined;
  return new SnapshotError(
    "ARCHIVE_NOT_GZIP",
    "this is the manifest of an archive, not an archive",
    `Verify the archive: ${programName()} verify ${shown(shellWord(archive))}`,
  );
}
