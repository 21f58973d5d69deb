/**
 * Whether a version of Consul would restore an archive. A server that cannot decode a state, or meets a record that it
 * does not know, does not refuse it: it dies, and a lone server does not start again. So this is asked first.
 */

import type { ErrorCode } from "../errors";
import type { ArchiveReport } from "./reader";
import { isBefore, NEWEST, OLDEST, TRIED, type Version, whyNotRestored } from "./recordTypes";

export interface RestoreProblem {
  readonly code: Extract<ErrorCode, "STATE_UNDECODABLE" | "STATE_UNKNOWN_RECORD" | "ARCHIVE_MALFORMED">;
  /** One sentence, without its full stop. */
  readonly message: string;
  /** Where in `state.bin` the record begins. */
  readonly offset?: number;
}

export interface RestoreVerdict {
  readonly restorable: boolean;
  /**
   * What the verdict rests on: real servers of that version, which were tried; the source of that version, which was
   * read; or the nearest version whose source was.
   */
  readonly basis: "tried" | "source" | "nearest";
  /** Why not; all reasons, one for each kind of record. */
  readonly problems: readonly RestoreProblem[];
}

/**
 * @param report - of a sound archive
 * @param consulVersion - as Consul says it: `1.13.9`, `1.16.2+ent`, `v1.21.0-dev`
 * @returns nothing if that is no version
 */
export function restorableOn(report: ArchiveReport, consulVersion: string): RestoreVerdict | undefined {
  const version = parseVersion(consulVersion);
  if (version === undefined) return undefined;
  const isEnterprise = consulVersion.includes("ent");
  const nearest = isBefore(version, OLDEST) ? OLDEST : isBefore(NEWEST, version) ? NEWEST : version;
  const problems = [
    ...problemsOfMeta(report),
    ...problemsOfTypes(report, nearest, isEnterprise, consulVersion),
    ...problemsOfState(report),
  ];
  const isTried = TRIED.some(([major, minor]) => major === version[0] && minor === version[1]) && !isEnterprise;
  const basis = isTried ? "tried" : nearest === version ? "source" : "nearest";
  return { restorable: problems.length === 0, basis, problems };
}

/** @returns nothing if the text is no version */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)(?![\d])/.exec(text.trim()) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

function problemsOfMeta({ meta, stateSize }: ArchiveReport): RestoreProblem[] {
  const problems: RestoreProblem[] = [];
  if (meta.version !== 1) {
    problems.push({
      code: "ARCHIVE_MALFORMED",
      message: `meta.json is of version ${meta.version}, and only 1 is restored`,
    });
  }
  if (meta.exact.size !== BigInt(stateSize)) {
    const message = `state.bin has ${stateSize} bytes, and meta.json says ${meta.exact.size}`;
    problems.push({ code: "ARCHIVE_MALFORMED", message });
  }
  return problems;
}

function problemsOfTypes(
  { state }: ArchiveReport,
  version: Version,
  isEnterprise: boolean,
  consulVersion: string,
): RestoreProblem[] {
  return state.groups.flatMap(({ code, type, count, offset }) => {
    const why = whyNotRestored(code, version, isEnterprise);
    if (why === undefined) return [];
    const records = count === 1 ? `a record of type ${type}` : `${count} records of type ${type}`;
    return [
      {
        code: "STATE_UNKNOWN_RECORD",
        message: `it holds ${records}, ${why}: ${consulVersion} cannot restore it`,
        offset,
      },
    ];
  });
}

function problemsOfState({ state }: ArchiveReport): RestoreProblem[] {
  return [state.undecodable, state.misshapen].flatMap((problem) => {
    if (problem === undefined) return [];
    const message = `state.bin cannot be decoded at byte ${problem.offset}: ${problem.message}`;
    return [{ code: "STATE_UNDECODABLE", message, offset: problem.offset }];
  });
}
