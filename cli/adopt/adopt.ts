/** `consul-snapshot adopt`: writes manifests for archives that another program has made, one after the other. */

import type { Decryption } from "../../provider/age/identities";
import { adoptArchive } from "../../provider/catalog/adoption";
import { type Manifest, recordsIn } from "../../provider/catalog/manifest";
import { archiveOfManifest } from "../../provider/catalog/manifestName";
import { errorData } from "../../provider/errorData";
import { explain, isCode, isInvalidArchive } from "../../provider/errors";
import { shellWord } from "../../provider/shellWord";
import { withStore } from "../../provider/store/backends";
import { formatLocation, parseSource } from "../../provider/store/location";
import { shownUrl } from "../../provider/store/urlCredentials";
import { byteSize } from "../consulOutput/goText";
import type { CommandIo } from "../description/command";
import { usageError } from "../description/usageError";
import { checkRequiredSeries } from "../options/series";
import { decryptionOf } from "../source/readArchive";
import { requireArchive } from "../source/source";
import { isFolder, withoutManifests } from "../source/sources";
import { storedJson } from "../source/storedJson";
import { counted } from "../terminal/counted";
import { interruptibleOn } from "../terminal/interruption";
import { jsonText } from "../terminal/json";
import { type Progress, verifyingOn } from "../terminal/progress";
import { type CleanLines, composed, joined, sentence } from "../../provider/text";
import { shown } from "../terminal/rows";
import { recordOn } from "../source/recordOn";
import type { AdoptOptions } from "./options";

type Outcome = { readonly source: string } & ({ readonly manifest: Manifest } | { readonly failure: unknown });

/**
 * If one archive fails, continues with the others.
 *
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`, `DECRYPTION_FAILED`, `INTERRUPTED`
 */
export async function adopt(names: readonly string[], options: AdoptOptions, io: CommandIo): Promise<number> {
  const { series, identity, format } = options;
  checkRequiredSeries(series);
  const decryption = await decryptionOf(identity);
  const { archives, skipped } = withoutManifests(names);
  if (skipped > 0) io.errors.write(composed`skipped ${counted(skipped, "manifest")}\n`);
  const outcomes: Outcome[] = [];
  const remains =
    format === "json" ? "some archives may have been adopted" : "archives without a printed line were not adopted";
  await interruptibleOn(io.errors, remains, async (progress) => {
    for (const name of archives) {
      const outcome = await tryToAdopt(name, series, decryption, progress);
      outcomes.push(outcome);
      progress.end();
      if ("failure" in outcome) progress.line(composed`${shown(outcome.source)}: ${explain(outcome.failure)}`);
      else if (format !== "json") io.output.write(describeAdopted(outcome.manifest));
    }
  });
  if (format === "json") io.output.write(jsonText({ series, archives: outcomes.map(outcomeData) }));
  return exitCodeOf(outcomes);
}

async function tryToAdopt(name: string, series: string, decryption: Decryption, progress: Progress): Promise<Outcome> {
  try {
    return { source: name, manifest: await adoptOne(name, series, decryption, progress) };
  } catch (failure) {
    if (progress.signal.aborted) throw failure;
    // A refused URL may contain a secret.
    return { source: isCode(failure, "TARGET_INVALID") ? shownUrl(name) : name, failure };
  }
}

async function adoptOne(name: string, series: string, decryption: Decryption, progress: Progress): Promise<Manifest> {
  requireName(name);
  const place = parseSource(name);
  const { signal } = progress;
  return withStore(place, async (store) => {
    const object = await requireArchive(store, place, signal);
    const received = verifyingOn(progress, object.size);
    const manifest = await adoptArchive(store, object, formatLocation(place), series, { decryption, signal, received });
    await recordOn(progress, store, object, manifest);
    return manifest;
  });
}

/** @throws SnapshotError `ARGUMENT_INVALID` for what cannot have a manifest beside it */
function requireName(name: string): void {
  if (name === "-") throw usageError("standard input cannot have a manifest beside it", "Use a path or a URL.");
  const archive = archiveOfManifest(name);
  if (archive !== undefined) {
    throw usageError(
      `${shown(shownUrl(name))} is a manifest, not an archive`,
      `Specify its archive: ${shown(shellWord(archive))}`,
    );
  }
  if (isFolder(name))
    throw usageError(`${shown(shownUrl(name))} is a folder, not an archive`, "Specify the archives in it.");
}

function describeAdopted({ location, index, contents, size, encrypted, restorable }: Manifest): CleanLines {
  const records = recordsIn(contents);
  const facts = [
    sentence`index ${index}`,
    sentence`${records} records`,
    sentence`${byteSize(size)}`,
    ...(encrypted ? [sentence`encrypted`] : []),
  ];
  const problems = restorable?.ok === false ? restorable.reasons : [];
  const warnings = problems.map((problem) => composed`\n  but no Consul would restore it: ${shown(problem)}`);
  return composed`${shown(location)}: verified and adopted (${joined(facts, ", ")})${joined(warnings, "")}\n`;
}

function outcomeData(outcome: Outcome): object {
  const { source } = outcome;
  if ("failure" in outcome) return { source, adopted: false, error: errorData(outcome.failure) };
  const { location, restorable = null } = outcome.manifest;
  return { source, adopted: true, location, ...storedJson(outcome.manifest), restorable };
}

function exitCodeOf(outcomes: readonly Outcome[]): number {
  const failures = outcomes.flatMap((outcome) => ("failure" in outcome ? [outcome.failure] : []));
  if (failures.length === 0) return 0;
  return failures.every(isInvalidArchive) ? 1 : 2;
}
