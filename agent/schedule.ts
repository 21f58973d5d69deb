/** When snapshots are due. Pure: the clock is an argument. */

import { Cron } from "croner";

export type Schedule =
  | { readonly kind: "interval"; readonly everyMs: number }
  | { readonly kind: "cron"; readonly expression: string; readonly timeZone: string };

/** Why a cron expression or a time zone is invalid, as a clause; nothing where both are valid. */
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
 * @param last - when the last one was due or began; `undefined` before the first, which is due at once on an interval
 * @param now - a time that has passed is due now, once, however many were missed
 */
export function nextDue(schedule: Schedule, last: Date | undefined, now: Date): Date {
  if (schedule.kind === "interval") {
    if (last === undefined || last.getTime() > now.getTime()) return now;
    return new Date(Math.max(now.getTime(), last.getTime() + schedule.everyMs));
  }
  // A time in the future is from before a clock was set back.
  const from = last === undefined || last > now ? now : last;
  const next = cronOf(schedule.expression, schedule.timeZone).nextRun(from);
  // An expression was checked when the configuration was read.
  if (next === null) throw new Error(`${schedule.expression} never comes`);
  return next.getTime() < now.getTime() ? now : next;
}

/** What a save may take: the longest distance of two snapshots beyond that of their schedule. */
const LONGEST_SAVE_MS = 15 * 60_000;

/**
 * How long a schedule may go without a snapshot, in milliseconds: two distances, the jitter and the longest save. One missed
 * snapshot is healed by the next, two are not.
 */
export function longestSilence(schedule: Schedule, jitterMs: number, now: Date): number {
  return 2 * spacing(schedule, now) + jitterMs + LONGEST_SAVE_MS;
}

const YEAR_MS = 400 * 24 * 3_600_000;
/** A tenth of a second of work. Every five minutes, they reach over a week. */
const MOST_STEPS = 800;

/**
 * How far apart two snapshots are at most, in milliseconds: of a cron expression, in the time to come, such as a weekend. Runs
 * that follow in less than a quarter of an hour are skipped, so it may be longer by that.
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
