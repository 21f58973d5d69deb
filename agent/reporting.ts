/** Writes the events of running work to the log. */

import type { WorkEvent } from "../provider/events";
import { paced } from "../provider/progressInterval";
import { describeEvent } from "../provider/progressWording";
import type { Reporter } from "../provider/reporter";
import type { Log } from "./log";

const SHOWN_EVERY_MS = 10_000;

/** @param destination - added to each line. Default: none */
export function reporterOn(log: Log, signal: AbortSignal, destination?: string): Reporter {
  return {
    signal,
    status: paced((event: WorkEvent) => log.debug(describeEvent(event), { destination }), SHOWN_EVERY_MS),
    info: (message) => log.debug(message, { destination }),
    warn: (message) => log.warn(message, { destination }),
  };
}
