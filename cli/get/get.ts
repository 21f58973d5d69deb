/** `consul-snapshot get`: prints one key, after the whole archive has been verified. */

import { Readable } from "node:stream";
import { getKey } from "../../provider/contents/keys";
import { shellWord } from "../../provider/shellWord";
import type { CommandIo } from "../description/command";
import { decryptionOf, openArchive } from "../source/readArchive";
import { writeTo } from "../source/sink";
import { composed } from "../../provider/text";
import { programName } from "../../provider/program";
import { jsonText } from "../terminal/json";
import { shown } from "../terminal/rows";
import { entryJson } from "./entryJson";

export interface GetOptions {
  readonly output?: string;
  readonly identity?: readonly string[];
  readonly format?: string;
}

/**
 * @returns the exit code
 * @throws SnapshotError `ARCHIVE_*`, `STATE_UNDECODABLE`, `STORE_*`, `DECRYPTION_FAILED`, `ARGUMENT_INVALID`
 */
export async function get(
  source: string,
  key: string,
  { output: file, identity, format }: GetOptions,
  { output, errors }: CommandIo,
): Promise<number> {
  const entry = await getKey(openArchive(source, await decryptionOf(identity)), key);
  if (entry === undefined) {
    errors.write(composed`there is no key ${shown(JSON.stringify(key))} in ${shown(source)}\n`);
    if (source !== "-") errors.write(composed`All keys: ${programName()} export ${shown(shellWord(source))}\n`);
    if (format === "json" && file === undefined) output.write(jsonText({ key, found: false }));
    return 1;
  }
  await writeTo(file, Readable.from([format === "json" ? Buffer.from(entryJson(entry)) : entry.value]), output);
  return 0;
}
