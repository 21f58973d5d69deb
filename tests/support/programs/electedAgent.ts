/**
 * An agent whose lock expires sooner than that of the command: `node electedAgent.cjs CONFIGURATION TIMES`, where TIMES are the
 * times of the lock in JSON. It writes its log to standard output, and ends with SIGTERM.
 */
import { readFileSync } from "node:fs";
import { Board } from "../../../agent/board";
import { systemClock } from "../../../agent/clock";
import { readConfig } from "../../../agent/config/config";
import { readFlags } from "../../../agent/config/flags";
import { runDaemon } from "../../../agent/daemon";
import { makeLog } from "../../../agent/log";
import type { LockTimes } from "../../../provider/consul/lock";

const [file = "", times = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  const config = readConfig([{ file, text: readFileSync(file, "utf8") }], readFlags([]), { env: process.env });
  const { schedule } = config;
  if (schedule === "once") throw new Error("this agent would not be elected");
  const ending = new AbortController();
  process.once("SIGTERM", () => ending.abort("SIGTERM"));
  const now = (): Date => systemClock.now();
  await runDaemon({
    config,
    schedule,
    env: process.env,
    log: makeLog(config.log, (line) => process.stdout.write(`${line}\n`), now),
    clock: systemClock,
    board: new Board(config.destinations, now()),
    stop: ending.signal,
    isUrgent: () => true,
    onReady: () => undefined,
    lockTimes: JSON.parse(times) as LockTimes,
  });
}

// As the command does: a connection to a store that does not answer may otherwise keep the process alive.
void main().then(() => process.exit());
