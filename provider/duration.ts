/** Parses durations as users write them: `90s`, `90m`, `24h`, `7d`, `2w`, `1h30m`, or ISO 8601 such as `PT20H`. */

import { SnapshotError } from "./errors";

const N = String.raw`(\d+(?:\.\d+)?)`;
/** The largest unit first and each once, as in ISO 8601: `1h1h` and `30m1h` are typing errors. */
const PARTS = new RegExp(`^(?=.)(?:${N}w)?(?:${N}d)?(?:${N}h)?(?:${N}m)?(?:${N}s)?(?:${N}ms)?$`);
/** Years and months have no fixed length. */
const ISO = new RegExp(`^P(?=.)(?:${N}W)?(?:${N}D)?(?:T(?=.)(?:${N}H)?(?:${N}M)?(?:${N}S)?)?$`);
/** Milliseconds per unit, in the order of the groups in both expressions. */
const UNITS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1];

/**
 * Reads a duration.
 *
 * @returns milliseconds, a whole number
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function parseDuration(text: string): number {
  const counts = (PARTS.exec(text) ?? ISO.exec(text))?.slice(1) as (string | undefined)[] | undefined;
  const milliseconds = Math.round(
    counts?.reduce((sum, count, at) => sum + Number(count ?? 0) * (UNITS[at] ?? 0), 0) ?? Number.NaN,
  );
  if (!Number.isSafeInteger(milliseconds)) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `"${text}" is not a duration`,
      "Write a number and a unit (90s, 90m, 24h, 7d), or ISO 8601 (PT20H, P7D).",
    );
  }
  return milliseconds;
}
