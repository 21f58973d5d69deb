/** The archives that operands name: with `--latest` a folder's newest restorable one, found before the command begins. */

import { statSync } from "node:fs";
import { parseLocation } from "../../provider/store/location";
import { folderOf, hasPlaceholders } from "../../provider/store/nameTemplate";
import type { Command, Operand } from "../description/command";
import type { Parsed } from "../description/parse";
import { usageError } from "../description/usageError";
import { shellWord } from "../../provider/shellWord";
import { shown } from "../terminal/rows";
import { shownUrl } from "../../provider/store/urlCredentials";
import { archiveOfManifest } from "../../provider/catalog/manifestName";
import { isUrl } from "./source";

/**
 * The operands with archives in place of folders, and the options without `latest` and `series`: a command that is printed
 * later names the archive that was used.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`, `STORE_*`, `INTERRUPTED`
 */
export async function resolveSources({ operands, options }: Parsed, command: Command): Promise<Parsed> {
  const { latest, series, ...others } = options;
  if (latest !== true) {
    if (typeof series === "string" && Object.hasOwn(command.options, "latest")) {
      throw usageError("--series is only used with --latest", "Add --latest, or omit --series.");
    }
    for (const [at, name] of operands.entries()) {
      const operand = operandAt(command, at);
      if (operand?.source !== true || name === operand.word) continue;
      const archive = archiveOfManifest(name);
      // Of several, which a shell may have expanded from a folder, the command skips the manifests.
      if (archive !== undefined && operand.many !== true) {
        throw usageError(
          `source ${shown(shownUrl(name))} is a manifest, not an archive`,
          `Specify its archive: ${shown(shellWord(archive))}`,
        );
      }
      if (isFolder(name)) {
        throw usageError(
          `source ${shown(shownUrl(name))} is a folder, not an archive`,
          "Specify an archive in it, or add --latest for the newest restorable one.",
        );
      }
    }
    return { operands, options };
  }
  const [{ latestAt }, { interruptible }] = await Promise.all([
    import("./latest.js"),
    import("../terminal/interruption.js"),
  ]);
  return interruptible("no archive was read", async (signal) => {
    const resolved: string[] = [];
    for (const [at, name] of operands.entries()) {
      const operand = operandAt(command, at);
      const isSource = operand?.source !== undefined && name !== "-" && name !== operand.word;
      resolved.push(isSource ? await latestAt(name, typeof series === "string" ? series : undefined, signal) : name);
    }
    return { operands: resolved, options: others };
  });
}

function operandAt({ operands }: Command, at: number): Operand | undefined {
  return operands[at] ?? operands.at(-1);
}

/** A shell expands `backups/*` to archives and their manifests, which are read with them. */
export function withoutManifests(names: readonly string[]): {
  readonly archives: readonly string[];
  readonly skipped: number;
} {
  const named = new Set(names);
  const archives = names.filter((name) => {
    const archive = archiveOfManifest(name);
    return archive === undefined || !named.has(archive);
  });
  return { archives, skipped: names.length - archives.length };
}

/** Whether a name is that of a folder or a prefix, without asking a store. */
export function isFolder(name: string): boolean {
  if (name === "-" || (!isUrl(name) && hasPlaceholders(name))) return false;
  try {
    const { scheme, key } = parseLocation(name);
    if (folderOf(name, key) !== undefined) return true;
    return scheme === "file" && statSync(key).isDirectory();
  } catch {
    // The command reports problems with the name.
    return false;
  }
}
