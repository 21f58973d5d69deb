/** `interval` 0: one snapshot, retention, and an exit code. No election, no registration. */

import { setMaxListeners } from "node:events";
import { compact } from "../provider/compact";
import { explain, isCode } from "../provider/errors";
import { take } from "../provider/save/take";
import type { Access } from "./access";
import { collectDuring } from "./collection";
import type { AgentConfig } from "./config/config";
import { deliver, type Manner } from "./deliver";
import { sendHeartbeat } from "./heartbeat";
import type { Log } from "./log";
import { reporterOn } from "./reporting";
import { composed, remark } from "../provider/text";

/**
 * Destinations are independent: none waits for another one or fails because of it.
 *
 * @param now - the clock
 * @returns the exit code: 0 if every destination has received the snapshot, 2 if the configuration cannot work, otherwise 1
 */
export async function runOnce(
  { stale, scratchFolder, destinations, heartbeatUrl }: AgentConfig,
  access: Access,
  signal: AbortSignal,
  log: Log,
  now: () => Date,
): Promise<0 | 1 | 2> {
  // Each destination listens, and Node.js would warn about more than ten.
  setMaxListeners(0, signal);
  const consistency = stale ? "stale" : "consistent";
  // There is no election: several can run at once.
  const manner: Manner = { consistency, isOnly: false, now };
  try {
    const connection = await access.connection(signal);
    const request = compact({ connection, consistency, scratchFolder });
    const archive = await collectDuring(() => take(request, reporterOn(log, signal)));
    const deliveries = destinations.map(async (destination) => {
      const name = destinations.length === 1 ? undefined : destination.name;
      try {
        await collectDuring(() => deliver(archive, destination, manner, reporterOn(log, signal, name)));
        log.info(remark`Saved snapshot`, { id: archive.nanoseconds, destination: name });
        return true;
      } catch (error) {
        log.error(composed`the snapshot could not be saved: ${explain(error)}`, { destination: destination.name });
        return false;
      }
    });
    const isComplete = (await Promise.all(deliveries).finally(() => archive.close())).every((isSaved) => isSaved);
    if (isComplete && heartbeatUrl !== undefined) await sendHeartbeat(heartbeatUrl, log, signal);
    return isComplete ? 0 : 1;
  } catch (error) {
    log.error(composed`no snapshot could be taken: ${explain(error)}`);
    return isCode(error, "ARGUMENT_INVALID") ? 2 : 1;
  }
}
