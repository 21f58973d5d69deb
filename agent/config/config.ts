/** The agent's configuration: files, flags and environment, as one checked value. */

import { compact } from "../../provider/compact";
import type { ConnectionArgs } from "../../provider/consul/connection";
import { SnapshotError } from "../../provider/errors";
import { cleanText } from "../../provider/text";
import type { Schedule } from "../schedule";
import { CONNECTION_KEYS } from "./connectionKeys";
import { destinationsOf, type Destination } from "./destinations";
import { type Document, EMPTY, overrideDocument, readDocument } from "./document";
import type { ReadFlags } from "./flags";
import { type ListenAddress, parseListenAddress } from "./listenAddress";
import { Lookup, type SecretSources } from "./lookup";
import { ROOT_KEYS, SECTIONS } from "./keys";
import { readSchedule } from "./readSchedule";

export type { Destination } from "./destinations";

export interface Login {
  readonly authMethod: string;
  readonly bearerToken?: string;
  readonly bearerTokenFile?: string;
  readonly meta: Readonly<Record<string, string>>;
}

export const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"] as const;
export type Level = (typeof LEVELS)[number];

export interface LogConfig {
  readonly level: Level;
  readonly format: "text" | "json";
  readonly syslog: boolean;
  readonly facility: string;
}

export interface HttpConfig {
  readonly address: ListenAddress;
  /** Maximum age of the newest restorable archive of each destination. Default: derived from its schedule. */
  readonly maxAgeMs?: number;
}

export interface AgentConfig {
  readonly connection: ConnectionArgs;
  readonly login?: Login;
  readonly log: LogConfig;
  /** The schedule of all destinations without their own; `"once"` takes one snapshot and exits. */
  readonly schedule: Schedule | "once";
  readonly jitterMs: number;
  readonly stale: boolean;
  readonly service: string;
  /** 0 means never. */
  readonly deregisterAfterMs: number;
  readonly lockKey: string;
  readonly maxFailures: number;
  readonly scratchFolder?: string;
  readonly destinations: readonly Destination[];
  readonly http?: HttpConfig;
  readonly heartbeatUrl?: string;
  /** Accepted settings without effect: one sentence each. */
  readonly notices: readonly string[];
}

export interface ConfigText {
  readonly file: string;
  readonly text: string;
}

/**
 * @param texts - the texts of the files; later files override earlier ones
 * @throws SnapshotError `ARGUMENT_INVALID`, which lists all problems
 */
export function readConfig(texts: readonly ConfigText[], flags: ReadFlags, sources: SecretSources): AgentConfig {
  const problems: string[] = [];
  const notices: string[] = [...flags.notices];
  let document: Document = EMPTY;
  let isForUs = texts.length + flags.configFiles.length + flags.configFolders.length === 0;
  for (const { file, text } of texts) {
    const read = readDocument(text, file);
    for (const problem of read.problems) problems.push(problem);
    for (const notice of read.notices) notices.push(notice);
    if (read.document === undefined) continue;
    isForUs = true;
    document = overrideDocument(document, read.document);
  }
  if (!isForUs && problems.length === 0) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      "the configuration is invalid: no configuration file has a snapshot_agent object",
      "Check -config-file and -config-dir; without both, flags and variables alone configure the agent.",
    );
  }
  document = overrideDocument(document, flags.document);
  for (const variable of ["CONSUL_LICENSE", "CONSUL_LICENSE_PATH"]) {
    if (sources.env[variable]) notices.push(`${variable} has no effect: this agent needs no license`);
  }
  const config = configOf(document, sources, problems);
  if (problems.length > 0) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `the configuration is invalid: ${problems.join("; ")}`,
      "Correct it. The agent's flags and -check-config try it without taking a snapshot.",
    );
  }
  // Several files can have the same key.
  return { ...config, notices: [...new Set(notices)] };
}

function configOf(document: Document, sources: SecretSources, problems: string[]): Omit<AgentConfig, "notices"> {
  const section = (name: keyof typeof SECTIONS): Lookup =>
    new Lookup(`${name}.`, SECTIONS[name], document.sections[name] ?? {}, sources, problems);
  const root = new Lookup("", ROOT_KEYS, document.root, sources, problems);
  const snapshot = section("snapshot");
  const timeZone = snapshot.text("time_zone") ?? "UTC";
  const service = snapshot.text("service") ?? "";
  return {
    connection: connectionOf(root),
    ...compact({ login: loginOf(section("login")) }),
    log: logOf(section("log")),
    schedule: readSchedule(snapshot, timeZone) ?? "once",
    jitterMs: snapshot.number("jitter"),
    stale: snapshot.flag("stale"),
    service,
    deregisterAfterMs: snapshot.number("deregister_after"),
    lockKey: snapshot.text("lock_key") ?? "",
    maxFailures: snapshot.number("max_failures"),
    destinations: destinationsOf(document, { retain: snapshot.number("retain"), service, timeZone }, sources, problems),
    ...compact({
      scratchFolder: snapshot.text("local_scratch_path"),
      http: httpOf(section("http")),
      heartbeatUrl: heartbeatOf(section("heartbeat")),
    }),
  };
}

/** The settings of files and flags only: `resolveConnection` reads the environment variables. */
function connectionOf(root: Lookup): ConnectionArgs {
  return compact(
    Object.fromEntries(Object.entries(CONNECTION_KEYS).map(([argument, key]) => [argument, root.written(key)])),
  );
}

function loginOf(login: Lookup): Login | undefined {
  const authMethod = login.text("auth_method");
  if (authMethod === undefined) return undefined;
  const bearerToken = login.text("bearer_token");
  const bearerTokenFile = login.text("bearer_token_file");
  if (bearerToken === undefined && bearerTokenFile === undefined) {
    login.refuse("login.auth_method needs login.bearer_token_file or login.bearer_token");
  }
  return { authMethod, meta: login.map("meta"), ...compact({ bearerToken, bearerTokenFile }) };
}

function logOf(log: Lookup): LogConfig {
  const written = (log.text("level") ?? "").toUpperCase().replace(/^ERR$/, "ERROR");
  const level = LEVELS.find((each) => each === written);
  if (level === undefined) log.refuse(`log.level must be one of ${LEVELS.join(", ")}`);
  const format = log.text("format");
  if (format !== "text" && format !== "json") log.refuse('log.format must be "text" or "json"');
  const facility = (log.text("syslog_facility") ?? "").toUpperCase();
  if (!/^(KERN|USER|MAIL|DAEMON|AUTH|SYSLOG|LPR|NEWS|UUCP|CRON|AUTHPRIV|FTP|LOCAL[0-7])$/.test(facility)) {
    log.refuse("log.syslog_facility must be a facility such as LOCAL0");
  }
  return {
    level: level ?? "INFO",
    format: format === "json" ? "json" : "text",
    syslog: log.flag("enable_syslog"),
    facility,
  };
}

function httpOf(http: Lookup): HttpConfig | undefined {
  const text = http.text("address");
  if (text === undefined) return undefined;
  const address = parseListenAddress(text);
  if (address !== undefined) return compact({ address, maxAgeMs: http.optionalNumber("max_age") });
  http.refuse(
    `http.address ${cleanText(text)} is invalid: write it as 127.0.0.1:8580 or unix:///run/consul-snapshot/agent.sock`,
  );
  return undefined;
}

function heartbeatOf(heartbeat: Lookup): string | undefined {
  const url = heartbeat.text("url");
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    heartbeat.refuse("heartbeat.url must be a URL that begins with http:// or https://");
  }
  return url;
}
