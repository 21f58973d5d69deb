/** `agent -check-config`: checks a configuration with harmless requests to Consul and to each destination. */

import { compact } from "../provider/compact";
import { ConsulClient } from "../provider/consul/client";
import type { Connection } from "../provider/consul/connection";
import { login, logout } from "../provider/consul/login";
import { explainInOneLine, isCode, SnapshotError } from "../provider/errors";
import { Spool } from "../provider/save/spool";
import { fixedPrefix } from "../provider/store/nameTemplate";
import type { Store } from "../provider/store/store";
import { isEmpty, spelled, writtenRules } from "../provider/retention/policy";
import type { AgentConfig, Destination, HttpConfig, Login } from "./config/config";
import { formatListenAddress } from "./config/listenAddress";
import { withDestination } from "./destinationStore";
import { checkDatacenter } from "./localDatacenter";
import { nextDue, type Schedule } from "./schedule";

const NOT_TRIED = "not tried";
const FIRST = "; a destination without a restorable archive gets one at once";
const ANSWERS =
  "answers, and has a leader; whether the token may take snapshots, hold the lock and register the service is not tried";

/** One thing that was tried. */
export interface Tried {
  readonly what: "consul" | "login" | "datacenter" | "temporaryFiles" | "http";
  readonly ok: boolean;
  /** The address, or the name of the auth method. Default: what is tried has no name. */
  readonly name?: string;
  /** What was found, in one line. */
  readonly message: string;
}

export interface CheckedDestination {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  /** The key of its archives, with placeholders. */
  readonly names: string;
  readonly encrypted: boolean;
  readonly keeps: string;
  /** If it is not that of the agent. */
  readonly schedule?: string;
}

export interface ConfigCheck {
  readonly ok: boolean;
  readonly tried: readonly Tried[];
  readonly schedule: string;
  readonly destinations: readonly CheckedDestination[];
  readonly notices: readonly string[];
}

/** Takes no snapshot, writes nothing, and registers nothing. The token of a login is destroyed at once. */
export async function checkConfig(
  config: AgentConfig,
  connection: Connection,
  signal: AbortSignal,
  now: Date,
): Promise<ConfigCheck> {
  const consul = await tryConsul(connection, config.login !== undefined, signal);
  let datacenter: string | undefined;
  const inDatacenter = async (own: Connection): Promise<void> => {
    if (config.schedule !== "once") datacenter = await tryDatacenter(own, signal);
  };
  if (config.login === undefined) await inDatacenter(connection);
  const refused =
    consul === undefined ? config.login && (await tryLogin(connection, config.login, signal, inDatacenter)) : NOT_TRIED;
  const scratch = await tryScratchFolder(config.scratchFolder);
  const http = config.schedule === "once" ? undefined : config.http && (await tryHttp(config.http));
  const destinations = await Promise.all(config.destinations.map((each) => tryDestination(each)));
  const tried: Tried[] = [
    { what: "consul", ok: consul === undefined, name: connection.url, message: consul ?? ANSWERS },
  ];
  if (config.login !== undefined) {
    const message = refused ?? "works; its token was destroyed again";
    tried.push({ what: "login", ok: refused === undefined, name: config.login.authMethod, message });
  }
  if (datacenter !== undefined) tried.push({ what: "datacenter", ok: false, message: datacenter });
  if (scratch !== undefined) tried.push({ what: "temporaryFiles", ok: false, message: scratch });
  if (http !== undefined) tried.push({ what: "http", ok: http.ok, message: http.line });
  const checked = config.destinations.map((destination, at) =>
    compact({
      name: destination.name,
      ok: destinations[at] === undefined,
      message: destinations[at] ?? "can be listed",
      names: destination.target.key,
      encrypted: destination.recipients !== undefined,
      keeps: describePolicy(destination),
      schedule: destination.schedule && describeSchedule(destination.schedule, now),
    }),
  );
  return {
    ok: [...tried, ...checked].every(({ ok }) => ok),
    tried,
    schedule: describeSchedule(config.schedule, now) + (config.schedule === "once" ? "" : FIRST),
    destinations: checked,
    notices: config.notices,
  };
}

/**
 * @param logsIn - whether a login replaces the token
 * @returns what is wrong, in one line
 */
async function tryConsul(connection: Connection, logsIn: boolean, signal: AbortSignal): Promise<string | undefined> {
  const asked = logsIn ? compact({ ...connection, token: undefined }) : connection;
  const client = new ConsulClient(asked, { signal, notice: () => undefined });
  try {
    if ((await client.leader()) === undefined) return explainInOneLine(noLeader(connection));
    if (logsIn) return undefined;
    const refusal = await client.refusalOfToken();
    return refusal && explainInOneLine(refusal);
  } catch (error) {
    return explainInOneLine(error);
  } finally {
    await client.close();
  }
}

/**
 * @param use - called while logged in
 * @returns what is wrong, in one line
 */
async function tryLogin(
  connection: Connection,
  request: Login,
  signal: AbortSignal,
  use: (loggedIn: Connection) => Promise<void>,
): Promise<string | undefined> {
  try {
    const loggedIn = await login(connection, request, signal, () => undefined);
    try {
      await use(loggedIn);
    } finally {
      await logout(loggedIn);
    }
    return undefined;
  } catch (error) {
    return explainInOneLine(error);
  }
}

/** @returns why an elected agent refuses the datacenter, in one line */
async function tryDatacenter(connection: Connection, signal: AbortSignal): Promise<string | undefined> {
  try {
    await checkDatacenter(connection, signal, () => undefined);
    return undefined;
  } catch (error) {
    // The agent starts without knowing the local datacenter.
    return isCode(error, "ARGUMENT_INVALID") ? explainInOneLine(error) : undefined;
  }
}

/** @returns what is wrong, in one line */
async function tryScratchFolder(folder: string | undefined): Promise<string | undefined> {
  try {
    await (await Spool.open(folder)).close();
    return undefined;
  } catch (error) {
    return explainInOneLine(error);
  }
}

async function tryHttp({ address }: HttpConfig): Promise<{ ok: boolean; line: string }> {
  // As in the agent, the server is loaded only on demand.
  const { isListenedAt } = await import("./http/server.js");
  const shown = formatListenAddress(address);
  try {
    const isUsed = await isListenedAt(address);
    return { ok: true, line: isUsed ? `${shown} is in use, as by an agent that runs` : `${shown} can be listened at` };
  } catch (error) {
    return { ok: false, line: explainInOneLine(error) };
  }
}

function noLeader({ url }: Connection): SnapshotError {
  return new SnapshotError(
    "CONSUL_NO_LEADER",
    `Consul at ${url} reaches no leader`,
    "After an election, try again. While quorum is lost, only stale snapshots can be taken: set snapshot.stale.",
  );
}

async function tryDestination(destination: Destination): Promise<string | undefined> {
  const { target } = destination;
  try {
    await withDestination(destination, (store) => listOne(store, fixedPrefix(target.key)));
    return undefined;
  } catch (error) {
    // The first snapshot creates the folder.
    if (target.scheme === "file" && isCode(error, "STORE_NOT_FOUND")) return undefined;
    return explainInOneLine(error);
  }
}

async function listOne(store: Store, prefix: string): Promise<void> {
  const objects = store.list(prefix)[Symbol.asyncIterator]();
  try {
    await objects.next();
  } finally {
    await objects.return?.();
  }
}

function describeSchedule(schedule: Schedule | "once", now: Date): string {
  if (schedule === "once") return "one snapshot, then exit";
  if (schedule.kind === "interval") return `every ${spelled(schedule.everyMs)}, by one elected agent`;
  const next = nextDue(schedule, now, now).toISOString();
  return `${schedule.expression} (${schedule.timeZone}), by one elected agent; next at ${next}`;
}

function describePolicy({ overwrite, retention, retainedBy }: Destination): string {
  if (overwrite) return "one archive, which each snapshot replaces";
  if (isEmpty(retention)) return "all archives";
  // "retain" is the only rule, and what it is called in a program is none of its reader's keys.
  if (retainedBy === "retain") return `retain ${retention.keepLast ?? 0}`;
  return writtenRules(retention)
    .map((rule) => rule.join(" "))
    .join(", ");
}
