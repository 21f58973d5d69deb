/** `consul-snapshot verify`: whether archives are sound, and whether a version of Consul would restore them. */

import type { ArchiveReport } from "../provider/archive/reader";
import { NEWEST } from "../provider/archive/recordTypes";
import { parseVersion, restorableOn } from "../provider/archive/restorable";
import { explain, SnapshotError } from "../provider/errors";
import { shownUrl } from "../provider/store/shownUrl";
import { byteSize } from "./goText";
import { readArchive } from "./readArchive";

export interface VerifyOptions {
  readonly consulVersion?: string;
  /** For encrypted archives. Default: the file that the environment names. */
  readonly identity?: readonly string[];
}

export interface Verified {
  readonly ok: boolean;
  /** A sentence, and lines that explain it. */
  readonly text: string;
}

/** @throws SnapshotError `ARGUMENT_INVALID` */
export function checkOptions({ consulVersion }: VerifyOptions): void {
  if (consulVersion !== undefined && parseVersion(consulVersion) === undefined) throw notAVersion(consulVersion);
}

/** What there is to say of one archive. A failure is an answer, too. */
export async function verify(name: string, { consulVersion, identity }: VerifyOptions): Promise<Verified> {
  try {
    const report = await readArchive(name, identity);
    return describe(name, report, consulVersion);
  } catch (error) {
    // A URL that is refused may hold a secret.
    const refused = error instanceof SnapshotError && error.code === "TARGET_INVALID";
    const shown = refused ? shownUrl(name) : name;
    return { ok: false, text: name === "" ? explain(error) : `${shown}: ${explain(error)}` };
  }
}

function describe(name: string, report: ArchiveReport, consulVersion: string | undefined): Verified {
  const records = report.state.groups.reduce((sum, { count }) => sum + count, 0);
  const what = `index ${report.meta.exact.index}, ${records} records, ${byteSize(report.stateSize)}`;
  if (consulVersion === undefined) {
    const warning = problemsAnywhere(report).map((message) => `\n  but no Consul would restore it: ${message}`);
    return { ok: true, text: `${name}: sound (${what})${warning.join("")}` };
  }
  const verdict = restorableOn(report, consulVersion);
  if (verdict === undefined) throw notAVersion(consulVersion);
  const basis = { tried: "tried", source: "by its source", nearest: "by the nearest version known" }[verdict.basis];
  if (verdict.restorable) {
    return { ok: true, text: `${name}: sound (${what}), and Consul ${consulVersion} restores it (${basis})` };
  }
  const why = verdict.problems.map(({ message }) => `\n  ${message}`).join("");
  return {
    ok: false,
    text: `${name}: sound (${what}), but Consul ${consulVersion} must not restore it (${basis}):${why}`,
  };
}

/** What no version would restore; which types of records there are depends on the version. */
function problemsAnywhere(report: ArchiveReport): string[] {
  const problems = restorableOn(report, NEWEST.join("."))?.problems ?? [];
  return problems.filter(({ code }) => code !== "STATE_UNKNOWN_RECORD").map(({ message }) => message);
}

function notAVersion(text: string): SnapshotError {
  return new SnapshotError("ARGUMENT_INVALID", `${text} is not a version of Consul`, "Write it like 1.13.9.");
}
