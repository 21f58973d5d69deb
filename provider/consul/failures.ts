/** Translates failures to get a complete response from Consul into errors with hints. */

import { certificateRefusal, RENEW_CERTIFICATE, REPLACE_CERTIFICATE } from "../certificateRefusal";
import { SnapshotError } from "../errors";
import type { Connection } from "./connection";
import { changeScheme, placeOf, setClientCertificate, wherePlaced } from "./hints";
import { ConnectError } from "./dialer";
import type { Proxy } from "./proxy";
import type { Failure } from "./refusals";
import { TUNNEL_REFUSED } from "./tunnel";

/** Explains a request without a response: from a refused connection to a broken one. */
export function explainNetworkError(connection: Connection, cause: unknown): Failure {
  // Without a connection nothing of the request was sent.
  const notTaken = cause instanceof ConnectError;
  const tls = explainTlsError(connection, cause);
  if (tls !== undefined) return { error: tls, retry: false, notTaken };
  if (cause instanceof Error && cause.name === "HTTPParserError") {
    return { error: notHttp(connection, cause), retry: false, notTaken };
  }
  const code = codeOf(cause);
  // undici accepts at most 16 KiB of headers.
  if (code === "UND_ERR_HEADERS_OVERFLOW") {
    return { error: notASnapshot(connection, "more headers than are read"), retry: false, notTaken };
  }
  if (isContinue(cause)) return { error: unexpectedContinue(connection, cause), retry: false, notTaken };
  const { proxy } = connection;
  if (proxy !== undefined && code === TUNNEL_REFUSED) {
    return { error: tunnelRefused(connection, proxy, cause), retry: false, notTaken };
  }
  const isProxy = proxy !== undefined && notTaken;
  const at = isProxy ? nameProxy(proxy) : connection.url;
  const checkAddress = isProxy
    ? `Check ${proxy.variable}; hosts in NO_PROXY are reached without a proxy.`
    : `Check that Consul runs there, and the address: ${placeOf(connection, "address")}.`;
  const unreachable = (retry: boolean, message: string, hint = checkAddress): Failure => ({
    error: new SnapshotError("CONSUL_UNREACHABLE", `${message}${listAttempts(cause)}`, hint, cause),
    retry,
    notTaken,
  });
  switch (code) {
    case "ECONNREFUSED":
      return unreachable(true, `nothing accepts connections at ${at}`);
    case "ENOENT":
      return unreachable(true, `there is no socket at ${at}`);
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
      return unreachable(true, `${at} closed the connection before it answered`, "See the log of Consul there.");
    case "EAI_AGAIN":
      return unreachable(true, `the name of ${at} cannot be resolved now (${code})`);
    case "ENOTFOUND":
      return unreachable(false, `the name of ${at} is unknown (${code})`);
    case "CONNECT_TIMEOUT":
      return unreachable(
        false,
        `could not connect to ${at} within ${connection.connectTimeoutMs / 1000} s`,
        `Check the address, and firewalls in between${wherePlaced(connection, "connectTimeout", (place) => `; ${place} sets the limit`)}.`,
      );
    case "ONE_CONNECTION_ENDED":
      return unreachable(
        false,
        `the connection to ${at} on which the cluster was identified has ended`,
        "Nothing of the request was sent: run it again.",
      );
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "EADDRNOTAVAIL":
      return unreachable(false, `there is no route to ${at} (${code})`);
    case "EACCES":
    case "EPERM":
      return unreachable(
        false,
        `this user may not connect to ${at} (${code})`,
        "Change the rights of the socket (unix_sockets in Consul's configuration), or run as another user.",
      );
    default:
      return unreachable(false, `${at} cannot be reached (${code === "" ? "no reason is known" : code})`);
  }
}

function nameProxy({ host, port, variable }: Proxy): string {
  return `the proxy ${host}:${port} (${variable})`;
}

function tunnelRefused({ url, origin }: Connection, proxy: Proxy, cause: unknown): SnapshotError {
  const status = statusOf(cause);
  const at = nameProxy(proxy);
  if (status === 407) {
    return new SnapshotError(
      "CONSUL_DENIED",
      `${at} requires a login (407)`,
      `Set ${proxy.variable} with the user and the password: http://user:password@host:port.`,
      cause,
    );
  }
  return new SnapshotError(
    "CONSUL_UNREACHABLE",
    `${at} does not connect to ${url}${status === undefined ? "" : ` (${status})`}`,
    `Allow ${proxy.tunnelsAlways === true ? "tunnels (CONNECT), which a restore needs, to " : ""}${new URL(origin).hostname} in the proxy, or list it in NO_PROXY to reach it without a proxy.`,
    cause,
  );
}

function statusOf(error: unknown): number | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("status" in at && typeof at.status === "number") return at.status;
  }
  return undefined;
}

/** The result for each address of a host that has several. */
function listAttempts(cause: unknown): string {
  if (!(cause instanceof ConnectError) || cause.tried.length < 2) return "";
  const attempts = cause.tried.map(({ address, failure = "no answer" }) => `${address}: ${failure}`);
  return ` (tried ${attempts.join(", ")})`;
}

function notHttp(connection: Connection, cause: Error): SnapshotError {
  return new SnapshotError(
    "CONSUL_RESPONSE",
    `what ${connection.url} answers is not HTTP`,
    "Check the port: that of Consul's HTTP API is 8500, or 8501 for https, unless configured otherwise.",
    cause,
  );
}

/** undici closes the connection when a server answers with 100, because it never asks for that (`client-h1.js`, 7.30). */
function isContinue(cause: unknown): cause is Error {
  return cause instanceof Error && codeOf(cause) === "UND_ERR_SOCKET" && cause.message === "bad response";
}

function unexpectedContinue(connection: Connection, cause: Error): SnapshotError {
  return new SnapshotError(
    "CONSUL_RESPONSE",
    `${connection.url} answers with 100 Continue, which was not asked for`,
    "Consul does not: use the address of an agent, or configure the proxy in between to wait for Consul's answer.",
    cause,
  );
}

/** Explains certificate problems, by the codes of Node.js and OpenSSL. */
function explainTlsError(connection: Connection, cause: unknown): SnapshotError | undefined {
  const { tls, url: at } = connection;
  const code = codeOf(cause);
  const error = (message: string, hint: string): SnapshotError =>
    new SnapshotError("CONSUL_TLS", `${message} (${code})`, hint, cause);
  if (tls === undefined) return undefined;
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(code)) {
    return error(`${at} does not speak https`, changeScheme(connection, "http"));
  }
  switch (certificateRefusal(code)) {
    case "otherHost":
      return error(
        `the certificate of ${at} is not for ${tls.serverName ?? new URL(connection.origin).hostname}`,
        `Set ${placeOf(connection, "tlsServerName")} to a name that is in the certificate${namesIn(cause)}.`,
      );
    case "notValidNow":
      return error(`the certificate of ${at} is not valid now`, RENEW_CERTIFICATE);
    case "unsuitable":
      return error(`the certificate of ${at} is not suitable for a server`, REPLACE_CERTIFICATE);
    case "unknownAuthority":
      return error(
        `the certificate of ${at} is signed by none of the authorities ${tls.ca === undefined ? "that Node.js knows" : "in the settings"}`,
        `Set the file of Consul's certificate authority: ${connection.labels.set.caPem ?? connection.labels.set.caPath ?? placeOf(connection, "caFile")}.`,
      );
    case undefined:
  }
  if (/^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/.test(code)) {
    return tls.cert === undefined
      ? error(
          // OpenSSL says so if it misses a certificate (TLS 1.2), Go if there is no cipher in common.
          `${at} wants a client certificate${code.includes("HANDSHAKE_FAILURE") ? ", or has no cipher in common" : ""}`,
          setClientCertificate(connection),
        )
      : error(`${at} does not accept the client certificate`, "Use one that the authority of the servers has signed.");
  }
  if (/^(ERR_SSL|ERR_TLS|ERR_OSSL|EPROTO)/.test(code)) {
    return error(`the TLS handshake with ${at} failed`, "Check the TLS settings of Consul and of the connection.");
  }
  return undefined;
}

/** The names in a certificate that is for another host. Consul's own certificates often do not contain the address. */
function namesIn(cause: unknown): string {
  const names = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const certificate = names instanceof Error && "cert" in names ? names.cert : undefined;
  const list = (certificate as { subjectaltname?: unknown } | undefined)?.subjectaltname;
  const first = typeof list === "string" ? /DNS:([\w.-]{1,253})/.exec(list)?.[1] : undefined;
  return first === undefined ? "" : `, such as "${first}"`;
}

/** A response with status 200 that Consul would not send. */
export function notASnapshot(connection: Connection, what: string): SnapshotError {
  return new SnapshotError(
    "CONSUL_RESPONSE",
    `${connection.url} answered with ${what}, which is not a snapshot of Consul`,
    "Check the address: something other than Consul's HTTP API answers there, or a proxy changes its answers.",
  );
}

/**
 * The error if a server is silent for longer than its limit.
 *
 * @param received - bytes of the body received so far; `undefined` before the first
 */
export function stalled(connection: Connection, received?: number): SnapshotError {
  if (received === undefined) {
    return new SnapshotError(
      "CONSUL_STALLED",
      `${connection.url} sent no byte within ${connection.firstByteTimeoutMs / 1000} s`,
      `Consul compresses the whole snapshot before its first byte: check the server's log and load${wherePlaced(connection, "firstByteTimeout", (place) => `, or raise ${place} if there is much of it`)}.`,
    );
  }
  return new SnapshotError(
    "CONSUL_STALLED",
    `${connection.url} sent nothing for ${connection.idleTimeoutMs / 1000} s, after ${received} bytes of the snapshot`,
    `Run it again${wherePlaced(connection, "idleTimeout", (place) => `; ${place} sets the limit`)}.`,
  );
}

/**
 * The error if a server sends too slowly.
 *
 * @param received - bytes of the body received so far
 * @param leastRate - in bytes per second
 */
export function tooSlow(connection: Connection, received: number, leastRate: number): SnapshotError {
  return new SnapshotError(
    "CONSUL_STALLED",
    `${connection.url} sent less than ${leastRate / 1000} kB/s for ${connection.idleTimeoutMs / 1000} s, after ${received} bytes of the snapshot`,
    `Run it again or use another server${wherePlaced(connection, "idleTimeout", (place) => `; ${place} sets over what time the rate is measured`)}.`,
  );
}

/** The error if a small request has no response within its limit. */
export function silent(connection: Connection, limitMs: number): SnapshotError {
  return new SnapshotError(
    "CONSUL_STALLED",
    `${connection.url} did not answer within ${limitMs / 1000} s`,
    "Check the server's log and load, and run it again.",
  );
}

/** The error if a body ended too early. */
export function truncated(connection: Connection, received: number, cause: unknown): SnapshotError {
  return new SnapshotError(
    "CONSUL_UNREACHABLE",
    `the connection to ${connection.url} was closed after ${received} bytes of the snapshot`,
    "Run it again; if it happens again, check the log of Consul, and proxies in between.",
    cause,
  );
}

export function tooStale(connection: Connection, lastContactMs: number, maxStalenessMs: number): SnapshotError {
  // A server that has had no leader since its start reports the age of Go's zero time: hundreds of years.
  const never = lastContactMs > 100 * 365 * 24 * 3_600_000;
  const limit = connection.vocabulary.nameOf("maxStaleness") ?? "the limit";
  const heard = never ? "has not heard from a leader" : `last heard from a leader ${lastContactMs / 1000} s ago`;
  return new SnapshotError(
    "CONSUL_TOO_STALE",
    `the server that answers at ${connection.url} ${heard}; ${limit} is ${maxStalenessMs / 1000} s`,
    `Ask another server, wait until this one has caught up, or raise ${limit}.`,
  );
}

export function interrupted(cause: unknown): SnapshotError {
  return new SnapshotError("INTERRUPTED", "the request to Consul was interrupted", "Run it again.", cause);
}

/** The code of an error or of its cause. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return "";
}
