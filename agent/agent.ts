/** `consul-snapshot agent`: snapshots by a schedule, with the configuration of HashiCorp's agent. */

import { checkRecipients } from "../provider/age/recipients";
import { explain, isCode, SnapshotError } from "../provider/errors";
import type { Connection } from "../provider/consul/connection";
import { Board } from "./board";
import { systemClock } from "./clock";
import { type AgentConfig, readConfig } from "./config/config";
import { type ReadFlags, readFlags } from "./config/flags";
import { connect } from "./connect";
import { checkConfig } from "./checkConfig";
import { configCheckJson, configCheckLines } from "./configCheckText";
import { runDaemon } from "./daemon";
import { readConfigFiles } from "./files";
import { type Log, makeLog } from "./log";
import { runOnce } from "./oneShot";
import type { Schedule } from "./schedule";
import { Syslog } from "./syslog";
import { Access } from "./access";
import { cleanMessage, type CleanText, composed, remark } from "../provider/text";

/** What the process provides. */
export interface AgentIo {
  /** Receives whole lines. */
  readonly write: (line: CleanText) => void;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by a signal that ends the process. */
  readonly signal: AbortSignal;
  /** Registers the function that reloads the configuration. */
  readonly onReload: (reload: () => void) => void;
  /** Registers the function that takes a snapshot on demand. */
  readonly onSnapshot: (snapshot: () => void) => void;
}

/**
 * @param args - the arguments after the command's name
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID` if the flags or the configuration are invalid
 */
export async function runAgent(args: readonly string[], io: AgentIo): Promise<number> {
  const { write, env, signal } = io;
  const flags = readFlags(args);
  const { config, connection } = await load(flags, env);
  if (flags.checkConfig) {
    const check = await checkConfig(config, connection, signal, systemClock.now());
    const lines = flags.format === "json" ? [configCheckJson(check)] : configCheckLines(check);
    lines.forEach(write);
    return check.ok ? 0 : 1;
  }
  if (isServed(config)) return serve(config, flags, io);
  const { log, close } = openLog(config, write);
  const access = new Access(config, env, log);
  try {
    return await runOnce(config, access, signal, log, () => systemClock.now());
  } finally {
    await access.end();
    close();
  }
}

/** Opens the log of a configuration, and writes its notices. */
function openLog(config: AgentConfig, write: (line: CleanText) => void): { log: Log; close: () => void } {
  const now = (): Date => systemClock.now();
  const plain = makeLog(config.log, write, now);
  const syslog = config.log.syslog
    ? new Syslog(config.log.facility, (why) => plain.warn(remark`no lines reach syslog: ${why}`))
    : undefined;
  const log = makeLog(
    config.log,
    (line, level) => {
      write(line);
      syslog?.write(line, level);
    },
    now,
  );
  for (const notice of config.notices) log.warn(cleanMessage(notice));
  return { log, close: () => syslog?.close() };
}

interface Loaded {
  readonly config: AgentConfig;
  readonly connection: Connection;
}

/** @throws SnapshotError `ARGUMENT_INVALID` */
async function load(flags: ReadFlags, env: NodeJS.ProcessEnv): Promise<Loaded> {
  const config = readConfig(readConfigFiles(flags), flags, { env });
  for (const { name, recipients } of config.destinations) {
    if (recipients !== undefined) await checkRecipientsOf(name, recipients);
  }
  return { config, connection: connect(config.connection, env) };
}

async function checkRecipientsOf(destination: string, recipients: readonly string[]): Promise<void> {
  try {
    await checkRecipients(recipients);
  } catch (error) {
    if (!isCode(error, "ARGUMENT_INVALID")) throw error;
    const message = `the configuration is invalid: recipients of ${destination}: ${error.message}`;
    throw new SnapshotError(error.code, message, error.hint, error);
  }
}

type ServedConfig = AgentConfig & { readonly schedule: Schedule };

interface Turn {
  readonly config: ServedConfig;
  /** The configuration to return to if this one cannot be served. */
  readonly former?: ServedConfig;
}

/** Runs each configuration until the process ends or a new one replaces it. A running save is finished first. */
async function serve(first: ServedConfig, flags: ReadFlags, io: AgentIo): Promise<number> {
  const board = new Board(first.destinations, systemClock.now());
  for (let turn: Turn | undefined = { config: first }; turn !== undefined && !io.signal.aborted; ) {
    turn = await serveOne(turn, board, flags, io);
  }
  return 0;
}

/** @returns the next configuration, if there is one */
async function serveOne(
  { config, former }: Turn,
  board: Board,
  flags: ReadFlags,
  { write, env, signal, ...io }: AgentIo,
): Promise<Turn | undefined> {
  const { log, close } = openLog(config, write);
  const ending = new AbortController();
  const end = (): void => ending.abort(signal.reason);
  signal.addEventListener("abort", end);
  const state: { next?: ServedConfig; isServing: boolean; trigger: () => boolean } = {
    isServing: false,
    trigger: () => false,
  };
  const reload = async (): Promise<void> => {
    if (signal.aborted) return;
    try {
      const { config: changed } = await load(flags, env);
      if (!isServed(changed)) throw new Error("interval is 0, which a running agent cannot change to");
      state.next = changed;
      log.info(remark`Reloading the configuration`);
      ending.abort("reload");
    } catch (error) {
      log.error(composed`the configuration was not reloaded, and nothing has changed: ${explain(error)}`);
    }
  };
  // One reload after another: the last one counts.
  let reloading = Promise.resolve();
  io.onReload(() => {
    reloading = reloading.then(reload);
  });
  io.onSnapshot(() => {
    if (!state.trigger()) log.warn(remark`no snapshot is taken: this agent does not lead`);
  });
  try {
    await runDaemon({
      config,
      schedule: config.schedule,
      env,
      log,
      clock: systemClock,
      board,
      stop: ending.signal,
      isUrgent: () => signal.aborted,
      onReady(trigger) {
        board.configure(config.destinations, systemClock.now());
        state.isServing = true;
        state.trigger = trigger;
      },
    });
    await reloading;
    log.info(state.next === undefined ? remark`Snapshot agent stopped` : remark`Configuration reloaded`);
    return state.next && { config: state.next, former: state.isServing ? config : (former ?? config) };
  } catch (error) {
    if (former === undefined || state.isServing) throw error;
    await reloading;
    const { next } = state;
    const what = next === undefined ? remark`the former one is served again` : remark`the next one is tried`;
    log.error(composed`the new configuration cannot be served, so ${what}: ${explain(error)}`);
    return next === undefined ? { config: former } : { config: next, former };
  } finally {
    signal.removeEventListener("abort", end);
    close();
  }
}

function isServed(config: AgentConfig): config is ServedConfig {
  return config.schedule !== "once";
}
