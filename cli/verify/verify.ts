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
import { requireVersion, type Verdict, verdictData } from "../../provider/catalog/verdict";
import { describeVerdict } from "./verdictText";

const OK = 0;
const NOT_SO = 1;
/** Whether the archive is valid is unknown. */
const NOT_READ = 2;

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
  let worst: number = OK;
  for (const source of judged) {
    const folder = isFolder(source) ? await listOnce(source) : undefined;
    if (folder !== undefined) {
      errors.write(describeFolder(source, folder));
      if (folder.archives.length === 0) worst = worseOf(worst, NOT_SO);
    }
    for (const archive of folder?.archives ?? [source]) {
      const verdict = await judgeArchive(archive, request);
      worst = worseOf(worst, codeOf(verdict));
      if (isJson) archives.push(verdictData(verdict));
      else output.write(composed`${describeVerdict(verdict)}\n`);
    }
  }
  if (isJson) output.write(jsonText({ archives }));
  return worst;
}

/** An archive that is known to be invalid counts more than one that could not be read. */
function worseOf(one: number, other: number): number {
  return [NOT_SO, NOT_READ].find((code) => code === one || code === other) ?? OK;
}

function codeOf({ ok, valid }: Verdict): number {
  if (ok) return OK;
  return valid === undefined ? NOT_READ : NOT_SO;
}

function listOnce(folder: string): Promise<Folder> {
  return interruptible("not every archive was verified", (signal) => listFolder(folder, signal));
}

function describeFolder(name: string, { archives, orphans, others, isMissing }: Folder): CleanLines {
  if (isMissing === true) return composed`${shown(name)} does not exist: it has no archive\n`;
  const more = [
    ...(orphans > 0 ? [composed`${counted(orphans, "manifest")} without an archive`] : []),
    ...(others > 0 ? [counted(others, "other object")] : []),
  ];
  return composed`${joined([composed`${shown(name)}: ${counted(archives.length, "archive")}`, ...more], ", ")}\n`;
}
