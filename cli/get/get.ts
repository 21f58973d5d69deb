/** `consul-snapshot get`: prints one value, after the whole archive has been verified. */

import { Readable } from "node:stream";
import { getValue } from "../../provider/contents/keys";
import { shellWord } from "../../provider/shellWord";
import type { CommandIo } from "../description/command";
import { decryptionOf, openArchive } from "../source/readArchive";
import { writeTo } from "../source/sink";
import { composed } from "../../provider/text";
import { shown } from "../terminal/rows";

export interface GetOptions {
  readonly output?: string;
  readonly identity?: readonly string[];
}

/**
 * @returns the exit code
 * @throws SnapshotError `ARCHIVE_*`, `STATE_UNDECODABLE`, `STORE_*`, `DECRYPTION_FAILED`, `ARGUMENT_INVALID`
 */
export async function get(
  source: string,
  key: string,
  { output: file, identity }: GetOptions,
  { output, errors }: CommandIo,
): Promise<number> {
  const value = await getValue(openArchive(source, await decryptionOf(identity)), key);
  if (value === undefined) {
    errors.write(composed`there is no key ${shown(JSON.stringify(key))} in ${shown(source)}\n`);
    if (source !== "-") errors.write(composed`All keys: consul-snapshot export ${shown(shellWord(source))}\n`);
    return 1;
  }
  await writeTo(file, Readable.from([value]), output);
  return 0;
}
