/** `consul-snapshot verify`: a verdict on each archive, printed as soon as it is known, or all of them as one JSON document. */

import type { CommandIo } from "../description/command";
import { checkTyped } from "../description/usageError";
import { compact } from "../../provider/compact";
import { decryptionOf } from "../source/readArchive";
import { counted } from "../terminal/counted";
import { interruptible } from "../terminal/interruption";
import { jsonText } from "../terminal/json";
import { isFolder, withoutManifests } from "../source/sources";
import { type CleanLines, composed, joined } from "../../provider/text";
import { shown } from "../terminal/rows";
import { type Folder, listFolder } from "./folder";
import { judgeArchive } from "./verdict";
import { requireVersion, verdictData } from "../../provider/catalog/verdict";
import { describeVerdict } from "./verdictText";

export interface VerifyOptions {
  /** Judge whether this version of Consul can restore the archives. Default: none. */
  readonly consulVersion?: string;
  /** Files of identities, for encrypted archives. Default: the file that the environment names. */
  readonly identity?: readonly string[];
  readonly format?: string;
}

/**
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export async function verify(
  sources: readonly string[],
  { consulVersion, identity, format }: VerifyOptions,
  { output, errors }: CommandIo,
): Promise<number> {
  checkTyped(() => requireVersion(consulVersion));
  const request = compact({ consulVersion, decryption: await decryptionOf(identity) });
  const isJson = format === "json";
  const { archives: judged, skipped } = withoutManifests(sources);
  if (skipped > 0) errors.write(composed`skipped ${counted(skipped, "manifest")}: each is compared with its archive\n`);
  const archives: object[] = [];
  let allOk = true;
  for (const source of judged) {
    const folder = isFolder(source) ? await listOnce(source) : undefined;
    if (folder !== undefined) {
      errors.write(describeFolder(source, folder));
      allOk &&= folder.archives.length > 0;
    }
    for (const archive of folder?.archives ?? [source]) {
      const verdict = await judgeArchive(archive, request);
      allOk &&= verdict.ok;
      if (isJson) archives.push(verdictData(verdict));
      else output.write(composed`${describeVerdict(verdict)}\n`);
    }
  }
  if (isJson) output.write(jsonText({ archives }));
  return allOk ? 0 : 1;
}

function listOnce(folder: string): Promise<Folder> {
  return interruptible("not every archive was verified", (signal) => listFolder(folder, signal));
}

function describeFolder(name: string, { archives, orphans, others }: Folder): CleanLines {
  const more = [
    ...(orphans > 0 ? [composed`${counted(orphans, "manifest")} without an archive`] : []),
    ...(others > 0 ? [counted(others, "other object")] : []),
  ];
  return composed`${joined([composed`${shown(name)}: ${counted(archives.length, "archive")}`, ...more], ", ")}\n`;
}
