/** Durations as a user writes them: `90s`, `90m`, `24h`, `7d`, `1h30m`, or ISO 8601 such as `PT20H`. */

import { SnapshotError } from "./errors";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
const PARTS = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/;
/** Without years and months, which have no fixed length. */
const ISO = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/**
 * Reads a duration.
 *
 * @returns milliseconds, a whole number
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function parseDuration(text: string): number {
  const milliseconds = Math.round(parseParts(text) ?? parseIso(text) ?? Number.NaN);
  if (!Number.isSafeInteger(milliseconds)) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `"${text}" is not a duration`,
      "Write a number and a unit (90s, 90m, 24h, 7d), or ISO 8601 (PT20H, P7D).",
    );
  }
  return milliseconds;
}

function parseParts(text: string): number | undefined {
  if (!PARTS.test(text)) return undefined;
  return [...text.matchAll(PART)].reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
}

function parseIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}
