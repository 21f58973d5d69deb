/** A verdict on an archive, as a line for a person and lines that explain it. */

import { restorableSentence } from "../../provider/archive/restorable";
import { explain } from "../../provider/errors";
import { byteSize } from "../consulOutput/goText";
import { shown } from "../terminal/rows";
import type { Verdict, VerifiedArchive } from "../../provider/catalog/verdict";

export function describeVerdict(verdict: Verdict): string {
  const { source, archive, failure } = verdict;
  if (archive === undefined) return source === "" ? explain(failure) : `${shown(source)}: ${explain(failure)}`;
  return `${shown(source)}: valid (${summarize(archive)})${remarks(verdict)}`;
}

function summarize({ index, records, size }: VerifiedArchive): string {
  return `index ${index}, ${records} records, ${byteSize(size)}`;
}

function remarks({ manifest, restorable, problems = [] }: Verdict): string {
  // The same judgement as the guard `changedSinceManifest` of a restore.
  if (manifest === "differs") {
    return ", but not the archive that was saved there: the manifest beside it describes another\n  Find out who replaced it. A restore refuses it without --allow changedSinceManifest.";
  }
  if (restorable === undefined) {
    return problems.map((problem) => `\n  but no Consul would restore it: ${shown(problem)}`).join("");
  }
  const { ok, consulVersion, basis, knownBy = basis, reasons } = restorable;
  if (ok) return `, and ${restorableSentence(consulVersion, { basis, knownBy })}`;
  const why = reasons.map((reason) => `\n  ${shown(reason)}`).join("");
  return `, but Consul ${consulVersion} must not restore it (${knownBy}):${why}`;
}
