/**
 * How to reach Consul: argument, then stack configuration, then environment, setting by setting. Everything is
 * checked here, before anything happens, and nothing here touches a network.
 */

import { parseDuration } from "../duration";
import { SnapshotError } from "../errors";
import { readTextFile, readTls, type Tls } from "./certificates";
import {
  type ConnectionArgs,
  type ConnectionProblem,
  PLACES,
  type SettingName,
  Settings,
  type Sources,
} from "./settings";

export type { ConnectionArgs, Sources } from "./settings";

/** A connection that was checked. It holds secrets: show `url` and no more. */
export interface Connection {
  /** How messages name the place: `http://127.0.0.1:8500`, or `unix:///path`. Free of secrets. */
  readonly url: string;
  /** Scheme, host and port of requests. */
  readonly origin: string;
  /** The path before `/v1`, where Consul is behind a proxy; else empty. */
  readonly pathPrefix: string;
  /** The unix socket, instead of host and port. */
  readonly socketPath?: string;
  /** Only for https. */
  readonly tls?: Tls;
  readonly token?: string;
  /** Sent with every request; credentials of `httpAuth` included, the token not. */
  readonly headers: Readonly<Record<string, string>>;
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

const DEFAULT_ADDRESS = "127.0.0.1:8500";

/** The longest limit: a timer of Node.js takes 24 days, and a limit of weeks is a mistake. */
const LONGEST_LIMIT_MS = 7 * 24 * 3_600_000;

/** Headers that this package sends itself, and what to do instead. */
const OWN_HEADERS: Readonly<Record<string, string>> = {
  "x-consul-token": "use token or tokenFile",
  host: "it is made of the address",
  connection: "this package sets it",
  "transfer-encoding": "this package sets it",
  "content-length": "this package sets it",
  "accept-encoding": "this package sets it",
};

/**
 * Everything that is wrong with a connection, without any network: unknown names, halves of certificate pairs, files
 * that cannot be read, bad addresses and durations. No reason holds a secret.
 *
 * @param args - `ConnectionArgs` as they came; a symbol stands for what is not known yet, and is not judged
 */
export function checkConnection(args: object, sources: Sources): ConnectionProblem[] {
  return settle(args, sources).problems;
}

/**
 * The connection to use, with its files read.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`, where `checkConnection` finds something
 */
export function resolveConnection(args: ConnectionArgs, sources: Sources): Connection {
  const { problems, connection } = settle(args, sources);
  if (problems.length === 0) return connection;
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    `the connection to Consul cannot be used: ${problems.map(({ reason }) => reason).join("; ")}`,
    "Correct the connection's arguments, the stack's configuration or the CONSUL_* variables.",
  );
}

function settle(args: object, sources: Sources): { problems: ConnectionProblem[]; connection: Connection } {
  const settings = new Settings(args, sources);
  const place = readAddress(settings);
  const tls = readTls(settings);
  const connection: Connection = {
    ...place,
    ...(place.origin.startsWith("https:") ? { tls } : {}),
    ...defined("token", readToken(settings)),
    headers: readHeaders(settings),
    ...defined("datacenter", settings.text("datacenter")),
    ...defined("namespace", settings.text("namespace")),
    ...defined("partition", settings.text("partition")),
    connectTimeoutMs: readLimit(settings, "connectTimeout", 30_000),
    firstByteTimeoutMs: readLimit(settings, "firstByteTimeout", 30 * 60_000),
    idleTimeoutMs: readLimit(settings, "idleTimeout", 2 * 60_000),
  };
  return { problems: settings.problems, connection };
}

type Place = Pick<Connection, "url" | "origin" | "pathPrefix" | "socketPath">;

const NOWHERE: Place = { url: "", origin: "", pathPrefix: "" };

function readAddress(settings: Settings): Place {
  const given = settings.find("address");
  const config = settings.text("config");
  if (given === undefined && config !== undefined && config !== "consul") {
    const reason = `connection.config is "${config}", but neither ${config}:address nor connection.address is given`;
    settings.problems.push({ path: "connection.config", reason });
    return NOWHERE;
  }
  if (typeof given?.value === "symbol") return NOWHERE;

  const text = typeof given?.value === "string" ? given.value : DEFAULT_ADDRESS;
  const refuse = (reason: string): Place => {
    if (given !== undefined) settings.refuse(given, `${given.label} ${reason}`);
    return NOWHERE;
  };
  const [, prefix, rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text) ?? [];
  const ownScheme = prefix?.toLowerCase();
  if (ownScheme === "unix") {
    if (!rest.startsWith("/")) return refuse("must name a socket by its whole path, such as unix:///run/consul.sock");
    return { url: `unix://${rest}`, origin: "http://localhost", pathPrefix: "", socketPath: rest };
  }
  if (ownScheme !== undefined && ownScheme !== "http" && ownScheme !== "https") {
    return refuse("starts with http://, https:// or unix://, or has no scheme");
  }
  const scheme = readScheme(settings, ownScheme, given?.place ?? PLACES.environment);
  if (scheme === undefined) return NOWHERE;
  const url = parseUrl(`${scheme}://${rest}`);
  if (url === undefined) return refuse("is not an address: write host:port, a URL, or unix:///path");
  if (url.username !== "" || url.password !== "") {
    if (given !== undefined) settings.problems.push({ reason: `${given.label} holds credentials: use httpAuth` });
    return NOWHERE;
  }
  if (url.search !== "" || url.hash !== "") return refuse("has a query or a fragment: leave it out");
  const pathPrefix = url.pathname.replace(/\/+$/, "");
  return { url: url.origin + pathPrefix, origin: url.origin, pathPrefix };
}

type Scheme = "http" | "https";

/**
 * The scheme in the address counts, unless `scheme` is given in the same place or before it: then both must agree.
 * In the environment, https wins as it does in Consul.
 *
 * @param place - of the address
 * @returns `undefined` where nothing can be said
 */
function readScheme(settings: Settings, inAddress: Scheme | undefined, place: number): Scheme | undefined {
  const given = settings.find("scheme");
  const scheme = given?.value;
  if (given === undefined || (inAddress !== undefined && given.place > place)) return inAddress ?? "http";
  if (typeof scheme === "symbol") return undefined;
  if (scheme !== "http" && scheme !== "https") {
    settings.refuse(given, `${given.label} is "http" or "https"`);
  } else if (inAddress === undefined || inAddress === scheme) {
    return scheme;
  } else if (given.place === PLACES.environment) {
    return "https";
  } else {
    settings.refuse(given, `${given.label} is "${scheme}", but the address starts with ${inAddress}://`);
  }
  return undefined;
}

function parseUrl(text: string): URL | undefined {
  if (/\s/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.hostname === "" || url.port === "0" ? undefined : url;
}

/** Of the first place that gives either, the file goes first. */
function readToken(settings: Settings): string | undefined {
  const given = settings.find("tokenFile", "token");
  if (given === undefined || typeof given.value !== "string") return undefined;
  const text = given.name === "tokenFile" ? readTextFile(settings, given) : given.value;
  const token = text?.trim();
  if (token === "") settings.refuse(given, `${given.label} holds no token`);
  if (token !== undefined && !isHeaderValue(token)) {
    settings.refuse(given, `${given.label} holds characters that no token has`);
  }
  return token === "" ? undefined : token;
}

function readHeaders(settings: Settings): Record<string, string> {
  const headers: Record<string, string> = {};
  const given = settings.find("headers");
  const auth = settings.text("httpAuth");
  const list = Array.isArray(given?.value) ? (given.value as unknown[]) : [];
  for (const item of list) {
    const { name, value } = typeof item === "object" && item !== null ? (item as Record<string, unknown>) : {};
    if ([item, name, value].some((part) => typeof part === "symbol")) continue;
    const problem = headerProblem(name, value, auth !== undefined);
    if (problem !== undefined && given !== undefined) settings.refuse(given, `${given.label} ${problem}`);
    else headers[name as string] = value as string;
  }
  if (auth === undefined) return headers;
  return {
    ...headers,
    Authorization: `Basic ${Buffer.from(auth.includes(":") ? auth : `${auth}:`).toString("base64")}`,
  };
}

function headerProblem(name: unknown, value: unknown, hasAuth: boolean): string | undefined {
  if (typeof name !== "string" || typeof value !== "string") return "is a list of { name, value }, both of them text";
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return "holds a name that no header can have";
  const own = OWN_HEADERS[name.toLowerCase()];
  if (own !== undefined) return `must not set ${name}: ${own}`;
  if (hasAuth && name.toLowerCase() === "authorization") return "sets Authorization, and so does httpAuth: give one";
  return isHeaderValue(value) ? undefined : `gives ${name} a value that no header can have`;
}

function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

/** @returns milliseconds */
function readLimit(settings: Settings, name: SettingName, initialMs: number): number {
  const given = settings.find(name);
  if (given === undefined || typeof given.value === "symbol") return initialMs;
  try {
    const ms = typeof given.value === "number" ? given.value * 1000 : parseDuration(String(given.value));
    if (ms >= 1 && ms <= LONGEST_LIMIT_MS) return Math.round(ms);
    settings.refuse(given, `${given.label} is longer than nothing and not longer than 7 days`);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    settings.refuse(given, `${given.label}: ${error.message}. ${error.hint}`);
  }
  return initialMs;
}

function defined<Name extends string>(name: Name, value: string | undefined): { readonly [key in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: string };
}
