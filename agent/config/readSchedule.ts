/** Reads `interval` and `schedule`, the common ones or those of one destination. Pure. */

import { type Schedule, scheduleProblem } from "../schedule";
import type { Lookup } from "./lookup";

/** @returns `undefined` if neither is set or has a default; `"once"` for an interval of 0 */
export function readSchedule(values: Lookup, timeZone: string): Schedule | "once" | undefined {
  const expression = values.text("schedule");
  const everyMs = values.optionalNumber("interval");
  const isOnce = everyMs === 0;
  if (expression !== undefined) {
    if (values.has("interval") && !isOnce) {
      values.refuse(
        `${values.label("schedule")} and ${values.label("interval")} are set together: set only one of them`,
      );
    }
    const problem = scheduleProblem(expression, timeZone);
    if (problem !== undefined) values.refuse(`${values.label("schedule")}: ${problem}`);
    if (!isOnce) return { kind: "cron", expression, timeZone };
  }
  if (everyMs === undefined) return undefined;
  if (isOnce) return "once";
  if (everyMs < 1000) values.refuse(`${values.label("interval")} must be at least 1s`);
  return { kind: "interval", everyMs };
}
