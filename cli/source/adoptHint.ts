/** Hints for archives without a manifest: those of `consul snapshot save` and of other agents. */

import type { ObjectWithoutManifest } from "../../provider/catalog/list";
import { shellWord } from "../../provider/shellWord";
import { type CleanLines, composed } from "../../provider/text";
import { programName } from "../../provider/program";
import { shown } from "../terminal/rows";
import { isArchiveName } from "./archiveName";

/** An archive that belongs to no series. */
export interface Unadopted {
  readonly location: string;
  /** `adopt` never replaces a manifest, not even an unreadable one. */
  readonly unreadableManifest: boolean;
}

/**
 * @param known - what was found before
 * @returns which of two objects a hint is about: the first archive, if possible one without a manifest
 */
export function toAdopt(
  known: Unadopted | undefined,
  { key, unreadableManifest }: ObjectWithoutManifest,
  location: string,
): Unadopted | undefined {
  const isBetter = known === undefined || (known.unreadableManifest && !unreadableManifest);
  return isBetter && isArchiveName(key) ? { location, unreadableManifest } : known;
}

export function adoptHint({ location, unreadableManifest }: Unadopted): CleanLines {
  const command = composed`${programName()} adopt ${shown(shellWord(location))} --series ORGANIZATION/PROJECT/STACK/NAME`;
  return unreadableManifest
    ? composed`To verify the archive and write a new manifest, delete the one that cannot be read, and run: ${command}`
    : composed`To verify an archive and write its manifest: ${command}`;
}
