/**
 * The proxy from the environment, by the rules of Go's `http.ProxyFromEnvironment` (golang.org/x/net/http/httpproxy
 * v0.7.0), which the `consul` command follows, too. undici's `EnvHttpProxyAgent` has different rules: it uses the proxy
 * for loopback addresses, does not support CIDR in `NO_PROXY`, and prefers lower-case names.
 */

import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";
import { hasScheme, parseProxyUrl } from "../proxyUrl";

export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Whether the connection to the proxy uses TLS. */
  readonly isHttps: boolean;
  /** The value of `Proxy-Authorization`, if the URL has credentials. */
  readonly authorization?: string;
  /** The variable that sets the proxy, for messages. */
  readonly variable: string;
  /** Whether it also forwards connections without TLS as a whole, and not each request. Default: false, as in Go. */
  readonly tunnelsAlways?: boolean;
}

/** The proxy that receives each request itself, with its whole URL (RFC 9112, section 3.2.2); otherwise there is a tunnel. */
export function forwarderOf(proxy: Proxy | undefined, usesTls: boolean): Proxy | undefined {
  return usesTls || proxy?.tunnelsAlways === true ? undefined : proxy;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param target - scheme, host and port of Consul
 * @returns `undefined` for a direct connection
 * @throws Error one sentence, free of secrets, about an invalid variable
 */
export function proxyFor(target: URL, env: Environment): Proxy | undefined {
  const isHttps = target.protocol === "https:";
  const [variable, value] = first(env, isHttps ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"]);
  if (variable === undefined || value === undefined) return undefined;
  const host = target.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = target.port === "" ? (isHttps ? "443" : "80") : target.port;
  if (host === "localhost" || isLoopback(host)) return undefined;
  const [, exceptions = ""] = first(env, ["NO_PROXY", "no_proxy"]);
  if (isExcepted(host, port, exceptions)) return undefined;
  return parseProxy(variable, value.trim());
}

function first(env: Environment, names: readonly string[]): [string, string] | [] {
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value !== "") return [name, value];
  }
  return [];
}

function parseProxy(variable: string, value: string): Proxy {
  const { url, credentials } = parseProxyUrl(variable, hasScheme(value) ? value : `http://${value}`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Error(`${variable} has the scheme ${url.protocol.slice(0, -1)}: only http and https are supported`);
  }
  const isHttps = url.protocol === "https:";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isHttps ? 443 : 80) : Number(url.port),
    isHttps,
    variable,
    ...(credentials === undefined ? {} : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` }),
  };
}

function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  return loopback.check(host, version === 4 ? "ipv4" : "ipv6");
}

/** Whether `NO_PROXY` lists a host: by name, with its subdomains, by address, by network, or `*`; each with or without a port. */
function isExcepted(host: string, port: string, list: string): boolean {
  const entries = list.split(",").map((entry) => entry.trim().toLowerCase());
  if (entries.includes("*")) return true;
  return entries.some((entry) => entry !== "" && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  const network = /^([\da-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (network?.[1] !== undefined && isIP(network[1]) !== 0) return isInNetwork(host, network[1], Number(network[2]));
  const [, bracketed, plain, ownPort] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(entry) ?? [];
  // In an IPv6 address without brackets, the colons do not separate a port.
  const name = bracketed ?? plain ?? entry;
  if (name === "" || (ownPort !== undefined && ownPort !== "" && ownPort !== port)) return false;
  if (isIP(name) !== 0) return isInNetwork(host, name, isIP(name) === 4 ? 32 : 128);
  const bare = name.replace(/^\*?\./, "");
  const domain = domainToASCII(bare) || bare;
  const onlySubdomains = bare !== name;
  return host.endsWith(`.${domain}`) || (!onlySubdomains && host === domain);
}

function isInNetwork(host: string, network: string, bits: number): boolean {
  const version = isIP(network);
  if (isIP(host) === 0 || bits > (version === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, version === 4 ? "ipv4" : "ipv6");
  return list.check(host, isIP(host) === 4 ? "ipv4" : "ipv6");
}
