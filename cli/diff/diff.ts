/** `consul-snapshot diff`: prints the records that differ between two archives, or between an archive and the cluster. */

import { diffArchives, type DiffOptions, readTypeName } from "../../provider/contents/diff";
import type { ArchiveSource } from "../../provider/contents/readRecords";
import { compact } from "../../provider/compact";
import { SnapshotError } from "../../provider/errors";
import type { CommandIo } from "../description/command";
import { decryptionOf } from "../source/readArchive";
import { progressOn } from "../terminal/progress";
import { DifferenceText } from "../differences/differenceText";
import { DifferencesJson } from "../differences/differencesJson";
import type { DiffCommandOptions } from "./options";
import { printDifferences } from "../differences/printDifferences";
import { LIVE, openSide } from "./side";

/**
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`, `ARCHIVE_*`, `STATE_UNDECODABLE`, `STORE_*`, `CONSUL_*`, `DECRYPTION_FAILED`
 */
export async function diff(
  one: string,
  other: string,
  options: DiffCommandOptions,
  { output, errors }: CommandIo,
): Promise<number> {
  if (one === other && (one === LIVE || one === "-")) {
    throw new SnapshotError("ARGUMENT_INVALID", `${one} cannot be compared with itself`, "Use an archive for A or B.");
  }
  const types = options.type?.map(readTypeName);
  const decryption = await decryptionOf(options.identity);
  const progress = progressOn(errors, new AbortController().signal);
  const printer =
    options.format === "json"
      ? new DifferencesJson({ a: one, b: other }, options.summary === true)
      : new DifferenceText(options.summary === true);
  const compared = (source: ArchiveSource): void =>
    progress.status({ phase: "readingArchive", location: source.label });
  const request: DiffOptions = compact({
    types,
    values: options.values === true,
    ignoreIndexes: options.ignoreIndexes === true,
    reading: compared,
  });
  const [a, b] = [one, other].map((name) => openSide(name, options, decryption, progress)) as [
    ArchiveSource,
    ArchiveSource,
  ];
  try {
    const { same } = await printDifferences(diffArchives(a, b, request), printer, output, () => progress.end());
    return same ? 0 : 1;
  } finally {
    progress.end();
  }
}
