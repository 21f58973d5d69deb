/** Durations as a user writes them: `90s`, `90m`, `24h`, `7d`, `2w`, `1h30m`, or ISO 8601 such as `PT20H`. */

import { SnapshotError } from "./errors";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;
const PARTS = /^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/;
const N = String.raw`(\d+(?:\.\d+)?)`;
const ISO = new RegExp(`^P(?=.)(?:${N}W)?(?:${N}D)?(?:T(?=.)(?:${N}H)?(?:${N}M)?(?:${N}S)?)?$`);
/** What its groups count, in their order; years and months have no fixed length. */
const ISO_UNITS = ["w", "d", "h", "m", "s"];

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
  const counts = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return counts.reduce((sum, count, at) => sum + count * (UNITS[ISO_UNITS[at] ?? ""] ?? 0), 0);
}
