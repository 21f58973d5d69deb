/** `retention` as a user writes it, and the policy that it is. */

import { absentOrUnknown } from "../absent";
import { parseDuration } from "../duration";
import { SnapshotError } from "../errors";
import { suggestion } from "../nearest";
import type { Policy } from "../retention/policy";

const COUNTS = ["keepLast", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly"] as const;

/** Every name that `retention` may hold. */
export const RETENTION_KEYS = [...COUNTS, "keepWithin"] as const;

/**
 * Everything that is wrong with `retention`. A value that is not known yet (a symbol) is not judged.
 *
 * @returns a path such as `retention.keepLast`, and one sentence
 */
export function checkRetention(value: unknown): { path?: string; reason: string }[] {
  if (absentOrUnknown(value)) return [];
  if (typeof value !== "object" || Array.isArray(value)) {
    return [{ path: "retention", reason: "retention is an object, such as { keepLast: 7, keepDaily: 30 }" }];
  }
  return Object.entries(value).flatMap(([key, given]: [string, unknown]) => {
    const reason = problemWith(key, given);
    return reason === undefined ? [] : [{ path: `retention.${key}`, reason }];
  });
}

function problemWith(key: string, value: unknown): string | undefined {
  if (!RETENTION_KEYS.some((known) => known === key)) {
    return `retention.${key} is not a rule: ${suggestion(key, RETENTION_KEYS)}`;
  }
  if (absentOrUnknown(value)) return undefined;
  if (key === "keepWithin") return problemWithDuration(value);
  if (Number.isSafeInteger(value) && Number(value) > 0) return undefined;
  return `retention.${key} is a whole number from 1: leave it out to have no such rule`;
}

function problemWithDuration(value: unknown): string | undefined {
  if (typeof value !== "string") return 'retention.keepWithin is a duration such as "48h" or "14d"';
  try {
    if (parseDuration(value) > 0) return undefined;
    return "retention.keepWithin is longer than nothing: leave it out to have no such rule";
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return `retention.keepWithin: ${error.message}. ${error.hint}`;
  }
}

/** The policy, once `checkRetention` has found nothing. What is absent gives an empty one, which keeps everything. */
export function readRetention(value: unknown): Policy {
  if (typeof value !== "object" || value === null) return {};
  const given = new Map<string, unknown>(Object.entries(value));
  const within = given.get("keepWithin");
  return {
    ...Object.fromEntries(
      COUNTS.flatMap((key) => {
        const count = given.get(key);
        return typeof count === "number" ? [[key, count]] : [];
      }),
    ),
    ...(typeof within === "string" ? { keepWithinMs: parseDuration(within) } : {}),
  };
}
