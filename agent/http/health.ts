/** Judges from the archives at the destinations whether backups are healthy. Pure. */

import { spelledAge } from "../../provider/catalog/status";
import type { Newest } from "../lastSaved";
import { type CleanText } from "../../provider/text";

/** The newest archives of a destination, or why it cannot be read. */
export interface DestinationHealth extends Newest {
  readonly name: string;
  /** Maximum age of the newest restorable archive, in milliseconds. */
  readonly maxAgeMs: number;
  /** When its next snapshot is due. Default: this agent does not lead, so it does not know. */
  readonly nextStart?: Date;
  /** One line. */
  readonly problem?: CleanText;
}

export interface Health {
  readonly ok: boolean;
  /** One sentence for each destination that is not healthy. */
  readonly reasons: readonly string[];
}

/** @param now - the clock; an archive of the future is not among what is judged */
export function judgeHealth(destinations: readonly DestinationHealth[], now: Date): Health {
  const reasons = destinations.flatMap(({ name, maxAgeMs, takenAt, restorableAt, nextStart, problem }) => {
    if (problem !== undefined) return [`${name} cannot be read: ${problem}`];
    if (restorableAt === undefined) {
      const isFuture = takenAt !== undefined && takenAt > now;
      if (isFuture) return [`${name} has no restorable archive, but one of the future: check for clock skew`];
      const none = takenAt === undefined ? "no archive yet" : "no restorable archive";
      return [`${name} has ${none}: ${describeNext(nextStart, now)}`];
    }
    const ageMs = now.getTime() - restorableAt.getTime();
    if (ageMs <= maxAgeMs) return [];
    const [age, limit] = [spelledAge(ageMs), spelledAge(maxAgeMs)];
    return [`the newest restorable archive of ${name} is ${age} old, and may be ${limit}`];
  });
  return { ok: reasons.length === 0, reasons };
}

function describeNext(nextStart: Date | undefined, now: Date): string {
  if (nextStart === undefined) return "the agent that leads takes the next snapshot";
  return nextStart > now ? `the next snapshot is due at ${nextStart.toISOString()}` : "a snapshot is due now";
}
