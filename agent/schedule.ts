/** When snapshots are due. Pure: the clock is an argument. */

import { Cron } from "croner";

export type Schedule =
  | { readonly kind: "interval"; readonly everyMs: number }
  | { readonly kind: "cron"; readonly expression: string; readonly timeZone: string };

/** Why a cron expression or a time zone is invalid, as a clause; `undefined` if both are valid. */
export function scheduleProblem(expression: string, timeZone: string): string | undefined {
  if (!isTimeZone(timeZone)) return `${JSON.stringify(timeZone)} is not a time zone, such as "Europe/Berlin"`;
  try {
    const next = cronOf(expression, timeZone).nextRun(new Date());
    return next === null ? `${JSON.stringify(expression)} never comes` : undefined;
  } catch {
    return `${JSON.stringify(expression)} is not a cron expression, such as "0 */6 * * *"`;
  }
}

/**
 * When the next snapshot is due.
 *
 * @param last - when the last one was due or began; `undefined` if that is not known: with an interval, one is due at once
 * @param now - the current time; if several snapshots were missed, only one is due now
 */
export function nextDue(schedule: Schedule, last: Date | undefined, now: Date): Date {
  if (schedule.kind === "interval") {
    if (last === undefined || last.getTime() > now.getTime()) return now;
    return new Date(Math.max(now.getTime(), last.getTime() + schedule.everyMs));
  }
  // If the last time is in the future, the clock was set back.
  const from = last === undefined || last > now ? now : last;
  const next = cronOf(schedule.expression, schedule.timeZone).nextRun(from);
  // Expressions are checked when the configuration is read.
  if (next === null) throw new Error(`${schedule.expression} never comes`);
  return next.getTime() < now.getTime() ? now : next;
}

/** Maximum duration of a save, which adds to the interval between two snapshots. */
const LONGEST_SAVE_MS = 15 * 60_000;

/**
 * How long a schedule may go without a snapshot, in milliseconds: two intervals, the jitter and the longest save. One missed
 * snapshot is tolerated, two are not.
 */
export function longestSilence(schedule: Schedule, jitterMs: number, now: Date): number {
  return 2 * spacing(schedule, now) + jitterMs + LONGEST_SAVE_MS;
}

const YEAR_MS = 400 * 24 * 3_600_000;
/** Maximum number of runs to examine: a tenth of a second of work, and over a week of a run every five minutes. */
const MOST_STEPS = 800;

/**
 * The longest interval between two snapshots, in milliseconds. For a cron expression, it is determined from future runs, and
 * includes gaps such as weekends. Runs within a quarter of an hour are skipped, so the result may be longer by that.
 */
export function spacing(schedule: Schedule, now: Date): number {
  if (schedule.kind === "interval") return schedule.everyMs;
  const cron = cronOf(schedule.expression, schedule.timeZone);
  let longest = 0;
  let run = cron.nextRun(now);
  for (let step = 0; run !== null && step < MOST_STEPS && run.getTime() - now.getTime() < YEAR_MS; step++) {
    const next = cron.nextRun(new Date(run.getTime() + LONGEST_SAVE_MS - 1000));
    if (next !== null) longest = Math.max(longest, next.getTime() - run.getTime());
    run = next;
  }
  return longest;
}

function cronOf(expression: string, timezone: string): Cron {
  return new Cron(expression, { timezone, paused: true });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
