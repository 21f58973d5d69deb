/** A verdict on an archive, as a line for a person and lines that explain it. */

import { restorableSentence } from "../../provider/archive/restorable";
import { explain } from "../../provider/errors";
import { byteSize } from "../consulOutput/goText";
import { type CleanLines, composed, joined, sentence } from "../../provider/text";
import { shown } from "../terminal/rows";
import type { Verdict, VerifiedArchive } from "../../provider/catalog/verdict";

export function describeVerdict(verdict: Verdict): CleanLines {
  const { source, archive, failure } = verdict;
  if (archive === undefined) return source === "" ? explain(failure) : composed`${shown(source)}: ${explain(failure)}`;
  return composed`${shown(source)}: valid (${summarize(archive)})${remarks(verdict)}`;
}

function summarize({ index, records, size }: VerifiedArchive): CleanLines {
  return sentence`index ${index}, ${records} records, ${byteSize(size)}`;
}

function remarks({ manifest, restorable, problems = [] }: Verdict): CleanLines {
  // The same judgement as the guard `changedSinceManifest` of a restore.
  if (manifest === "differs") {
    return composed`, but not the archive that was saved there: the manifest beside it describes another\n  Find out who replaced it. A restore refuses it without --allow changedSinceManifest.`;
  }
  if (restorable === undefined) {
    return joined(
      problems.map((problem) => composed`\n  but no Consul would restore it: ${shown(problem)}`),
      "",
    );
  }
  const { ok, consulVersion, basis, knownBy = basis, reasons } = restorable;
  if (ok) return composed`, and ${shown(restorableSentence(consulVersion, { basis, knownBy }))}`;
  const why = joined(
    reasons.map((reason) => composed`\n  ${shown(reason)}`),
    "",
  );
  return composed`, but Consul ${shown(consulVersion)} must not restore it (${shown(knownBy)}):${why}`;
}
