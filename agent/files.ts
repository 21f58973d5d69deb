/** Reads the configuration files that the flags specify; later files override earlier ones. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { SnapshotError } from "../provider/errors";
import { unreadable } from "../provider/systemCode";
import { cleanText } from "../provider/text";
import type { ConfigText } from "./config/config";
import type { ReadFlags } from "./config/flags";
import { readSpecifiedFileSync } from "../provider/specifiedFile";

/**
 * Files come first, then the `*.json` files of each folder, by name. Nested folders are not read.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function readConfigFiles({
  configFiles,
  configFolders,
}: Pick<ReadFlags, "configFiles" | "configFolders">): readonly ConfigText[] {
  for (const file of configFiles) {
    if (!file.endsWith(".json")) throw invalid(`${cleanText(file)} does not end in .json`, "Rename it.");
  }
  const ofFolders = configFolders.flatMap((folder) =>
    attempt(folder, () => readdirSync(folder, { withFileTypes: true }))
      // Kubernetes mounts each file of a secret as a symbolic link.
      .filter((entry) => entry.name.endsWith(".json") && !entry.isDirectory())
      .map(({ name }) => join(folder, name))
      .sort(),
  );
  return [...configFiles, ...ofFolders].map((file) => ({
    file,
    text: attempt(file, () => readSpecifiedFileSync(file).toString()),
  }));
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalid(unreadable(cleanText(path), error), "Check the path and its permissions.");
  }
}

function invalid(why: string, hint: string): SnapshotError {
  return new SnapshotError("ARGUMENT_INVALID", `the configuration cannot be read: ${why}`, hint);
}
