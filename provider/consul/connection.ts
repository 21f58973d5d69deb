/**
 * How to reach Consul: argument, then stack configuration, then environment, setting by setting. Everything is
 * checked here, before anything happens, and nothing here touches a network.
 */

import { compact } from "../compact";
import { CONNECTION, CONNECTION_NAMESPACE } from "../args/tables/connection";
import type { Vocabulary } from "../args/vocabulary";
import { SnapshotError } from "../errors";
import { registerSecret } from "../text";
import { type Proxy, proxyFor } from "./proxy";
import { readTextFile, readTls, type Tls } from "./certificates";
import {
  type ConnectionArgs,
  type ConnectionProblem,
  type Setting,
  PLACES,
  RIVALS,
  type SchemeOrigin,
  type SettingLabels,
  type SettingOption,
  Settings,
  type Sources,
} from "./settingsLookup";

export type { ConnectionArgs, Sources } from "./settingsLookup";

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
  /** The IP address to connect to in place of the host: see `pinAddress`. Default: the host is resolved each time. */
  readonly hostAddress?: string;
  /** The HTTP proxy between here and Consul, by the environment. Never for a unix socket. Default: none. */
  readonly proxy?: Proxy;
  /** Only for https. */
  readonly tls?: Tls;
  readonly token?: string;
  /** Sent with every request; credentials of `httpAuth` included, the token not. */
  readonly headers: Readonly<Record<string, string>>;
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
  /** What the command needs beside the address to connect in the same way, as far as it has options for it. No secrets. */
  readonly options: readonly SettingOption[];
  /** How hints call the settings. */
  readonly labels: SettingLabels;
  /** How the front end calls arguments, those beside the connection's too. */
  readonly vocabulary: Vocabulary;
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** Headers that this package sends itself, and what to do instead. */
const OWN_HEADERS: Readonly<Record<string, string>> = {
  "x-consul-token": "use token or tokenFile",
  host: "it is made of the address",
  connection: "this package sets it",
  "transfer-encoding": "this package sets it",
  "content-length": "this package sets it",
  "accept-encoding": "this package sets it",
};

/** A certificate is public; a bundle in `certPem` may contain a key beside it. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/**
 * Everything that is wrong with a connection, without any network: unknown names, halves of certificate pairs, files
 * that cannot be read, bad addresses and durations. No reason holds a secret.
 *
 * @param args - `ConnectionArgs` as they came; a symbol stands for what is not known yet, and is not judged
 */
export function checkConnection(args: object, sources: Sources): ConnectionProblem[] {
  return readSettings(args, sources).problems;
}

/**
 * The connection to use, with its files read.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`, where `checkConnection` finds something
 */
export function resolveConnection(args: ConnectionArgs, sources: Sources): Connection {
  const { problems, connection } = readSettings(args, sources);
  if (problems.length === 0) return connection;
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    `the settings of the connection to Consul are invalid: ${problems.map(({ reason }) => reason).join("; ")}`,
    connection.vocabulary.isProgram
      ? "Correct the connection's arguments, the stack's configuration or the CONSUL_* variables."
      : "Correct each of them where it is set.",
  );
}

function readSettings(args: object, sources: Sources): { problems: ConnectionProblem[]; connection: Connection } {
  const settings = new Settings(args, sources);
  const { schemeOrigins, ...place } = readAddress(settings);
  const tls = readTls(settings);
  const token = readToken(settings);
  const headers = readHeaders(settings);
  const proxy = readProxy(settings, place, sources);
  // A short value of a header, such as "true", is not a secret.
  const long = Object.values(headers).filter((value) => value.length >= 8);
  for (const secret of settings.secrets()) registerSecret(secret.replaceAll(CERTIFICATE, ""));
  for (const secret of [token, tls.key, proxy?.authorization, ...long]) registerSecret(secret);
  const connection: Connection = {
    ...place,
    ...compact({ proxy }),
    ...(place.origin.startsWith("https:") ? { tls } : {}),
    ...defined("token", token),
    headers,
    ...defined("datacenter", settings.text("datacenter")),
    ...defined("namespace", settings.text("namespace")),
    ...defined("partition", settings.text("partition")),
    options: settings.options(),
    labels: settings.labels(schemeOrigins),
    vocabulary: settings.vocabulary,
    connectTimeoutMs: settings.milliseconds("connectTimeout"),
    firstByteTimeoutMs: settings.milliseconds("firstByteTimeout"),
    idleTimeoutMs: settings.milliseconds("idleTimeout"),
  };
  return { problems: settings.problems, connection };
}

type Place = Pick<Connection, "url" | "origin" | "pathPrefix" | "socketPath"> & {
  readonly schemeOrigins: readonly SchemeOrigin[];
};

const NOWHERE: Place = { url: "", origin: "", pathPrefix: "", schemeOrigins: [] };

function readAddress(settings: Settings): Place {
  const setting = settings.find("address");
  const config = settings.text("config");
  if (setting === undefined && config !== undefined && config !== CONNECTION_NAMESPACE) {
    const reason = `connection.config is "${config}", but neither ${config}:address nor connection.address is set`;
    settings.problems.push({ path: "connection.config", reason });
    return NOWHERE;
  }
  if (typeof setting?.value === "symbol") return NOWHERE;

  const text = typeof setting?.value === "string" ? setting.value : CONNECTION.address.default;
  const refuse = (reason: string): Place => {
    if (setting !== undefined) settings.refuse(setting, `${setting.label} ${reason}`);
    return NOWHERE;
  };
  const [, prefix, rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text) ?? [];
  const ownScheme = prefix?.toLowerCase();
  if (ownScheme === "unix") {
    if (!rest.startsWith("/")) return refuse("must name a socket by its whole path, such as unix:///run/consul.sock");
    return { ...NOWHERE, url: `unix://${rest}`, origin: "http://localhost", socketPath: rest };
  }
  if (ownScheme !== undefined && ownScheme !== "http" && ownScheme !== "https") {
    return refuse("starts with http://, https:// or unix://, or has no scheme");
  }
  const scheme = readScheme(settings, ownScheme, setting?.place ?? PLACES.environment);
  if (scheme === undefined) return NOWHERE;
  const url = parseUrl(`${scheme}://${rest}`);
  if (url === undefined) return refuse("is not an address: write host:port, a URL, or unix:///path");
  if (url.username !== "" || url.password !== "") {
    // Without a path: a host would print the value beside it.
    const { httpAuth } = settings.labels([]).places;
    if (setting !== undefined)
      settings.problems.push({ reason: `${setting.label} holds credentials: use ${httpAuth}` });
    return NOWHERE;
  }
  if (url.search !== "" || url.hash !== "") return refuse("has a query or a fragment: leave it out");
  const pathPrefix = url.pathname.replace(/\/+$/, "");
  const schemeOrigins = schemeOriginsOf(settings, ownScheme, scheme, setting);
  return { url: url.origin + pathPrefix, origin: url.origin, pathPrefix, schemeOrigins };
}

function readProxy(
  settings: Settings,
  { origin, socketPath }: Pick<Connection, "origin" | "socketPath">,
  { env }: Sources,
): Proxy | undefined {
  if (socketPath !== undefined || origin === "") return undefined;
  try {
    return proxyFor(new URL(origin), env);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    settings.problems.push({ reason: `${reason}; hosts in NO_PROXY are reached without a proxy` });
    return undefined;
  }
}

type Scheme = "http" | "https";

/**
 * The scheme in the address counts, unless `scheme` is set in the same place or before it: then both must agree.
 * In the environment, https wins as it does in Consul.
 *
 * @param place - of the address
 * @returns `undefined` where nothing is known
 */
function readScheme(settings: Settings, inAddress: Scheme | undefined, place: number): Scheme | undefined {
  const setting = settings.find("scheme");
  const scheme = setting?.value;
  if (setting === undefined || (inAddress !== undefined && setting.place > place)) return inAddress ?? "http";
  if (typeof scheme === "symbol") return undefined;
  if (inAddress === undefined || inAddress === scheme) return scheme as Scheme;
  if (setting.place === PLACES.environment) {
    return "https";
  }
  settings.refuse(setting, `${setting.label} is "${String(scheme)}", but the address starts with ${inAddress}://`);
  return undefined;
}

/** What the scheme follows from, by the rules of `readScheme`. */
function schemeOriginsOf(
  settings: Settings,
  inAddress: Scheme | undefined,
  scheme: Scheme,
  address: Setting | undefined,
): SchemeOrigin[] {
  const setting = settings.find("scheme");
  const isOverridden = inAddress !== undefined && (setting?.place ?? 0) > (address?.place ?? PLACES.environment);
  const fromSetting: SchemeOrigin[] =
    setting === undefined || isOverridden
      ? []
      : [{ label: setting.label, kind: setting.place === PLACES.environment ? "variable" : "scheme" }];
  const isFromAddress = inAddress === scheme || fromSetting.length === 0;
  const label = address?.label ?? settings.labels([]).places.address;
  return [...(isFromAddress ? [{ label, kind: "address" } as const] : []), ...fromSetting];
}

function parseUrl(text: string): URL | undefined {
  if (/\s/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.hostname === "" || url.port === "0" ? undefined : url;
}

/** Of the first place that gives either, the file goes first. */
function readToken(settings: Settings): string | undefined {
  const setting = settings.find(...RIVALS.token);
  if (setting === undefined || typeof setting.value !== "string") return undefined;
  const text = setting.name === "tokenFile" ? readTextFile(settings, setting) : setting.value;
  const token = text?.trim();
  if (token === "") settings.refuse(setting, `${setting.label} holds no token`);
  if (token !== undefined && !isHeaderValue(token)) {
    settings.refuse(setting, `${setting.label} holds characters that no token has`);
  }
  return token === "" ? undefined : token;
}

function readHeaders(settings: Settings): Record<string, string> {
  const headers: Record<string, string> = {};
  const setting = settings.find("headers");
  const auth = settings.text("httpAuth");
  const list = Array.isArray(setting?.value) ? (setting.value as unknown[]) : [];
  for (const item of list) {
    const { name, value } = typeof item === "object" && item !== null ? (item as Record<string, unknown>) : {};
    if ([item, name, value].some((part) => typeof part === "symbol")) continue;
    const problem = headerProblem(name, value, auth !== undefined);
    if (problem !== undefined && setting !== undefined) settings.refuse(setting, `${setting.label} ${problem}`);
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
  const lowerCase = name.toLowerCase();
  const own = Object.hasOwn(OWN_HEADERS, lowerCase) ? OWN_HEADERS[lowerCase] : undefined;
  if (own !== undefined) return `must not set ${name}: ${own}`;
  if (hasAuth && name.toLowerCase() === "authorization")
    return "sets Authorization, and so does httpAuth: set only one";
  return isHeaderValue(value) ? undefined : `gives ${name} a value that no header can have`;
}

function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

function defined<Name extends string>(name: Name, value: string | undefined): { readonly [key in Name]?: string } {
  return compact({ [name]: value });
}
