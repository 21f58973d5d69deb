/** What keeps an answer of Consul from arriving, whole or at all: as errors that say what to do. */

import { SnapshotError } from "../errors";
import type { Connection } from "./connection";
import type { Failure } from "./refusals";

const LOOK_AT_ADDRESS =
  "Look whether Consul runs there, and at the address: connection.address, consul:address or CONSUL_HTTP_ADDR.";

/** Explains a request without an answer: from a refused connection to one that was cut. */
export function explainNetworkError(connection: Connection, cause: unknown): Failure {
  const tls = explainTlsError(connection, cause);
  if (tls !== undefined) return { error: tls, retry: false };
  if (cause instanceof Error && cause.name === "HTTPParserError") {
    return { error: notHttp(connection, cause), retry: false };
  }
  const at = connection.url;
  const code = codeOf(cause);
  const unreachable = (retry: boolean, message: string, hint = LOOK_AT_ADDRESS): Failure => ({
    error: new SnapshotError("CONSUL_UNREACHABLE", message, hint, cause),
    retry,
  });
  switch (code) {
    case "ECONNREFUSED":
      return unreachable(true, `nothing accepts connections at ${at}`);
    case "ENOENT":
      return unreachable(true, `there is no socket at ${at}`);
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
      return unreachable(true, `${at} cut the connection before it answered`, "Look at the log of Consul there.");
    case "EAI_AGAIN":
      return unreachable(true, `the name in ${at} cannot be looked up now (${code})`);
    case "ENOTFOUND":
      return unreachable(false, `the name in ${at} is not known (${code})`);
    case "ETIMEDOUT":
      return unreachable(
        false,
        `no connection to ${at} came about within ${connection.connectTimeoutMs / 1000} s`,
        "Look at the address, and at firewalls in between; connectTimeout sets the limit.",
      );
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

function notHttp(connection: Connection, cause: Error): SnapshotError {
  return new SnapshotError(
    "CONSUL_RESPONSE",
    `what ${connection.url} answers is not HTTP`,
    "Look at the port: that of Consul's HTTP API is 8500, or 8501 for https, unless configured otherwise.",
    cause,
  );
}

/** What is wrong between the two sides' certificates, by the codes of Node.js and OpenSSL. */
function explainTlsError(connection: Connection, cause: unknown): SnapshotError | undefined {
  const { tls, url: at } = connection;
  const code = codeOf(cause);
  const error = (message: string, hint: string): SnapshotError =>
    new SnapshotError("CONSUL_TLS", `${message} (${code})`, hint, cause);
  if (tls === undefined) return undefined;
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(code)) {
    return error(`${at} does not speak https`, 'Give scheme: "http", or the port for https, which is 8501 by custom.');
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return error(
      `the certificate of ${at} is not for ${tls.serverName ?? new URL(connection.origin).hostname}`,
      "Give the name that is in the certificate as tlsServerName, such as server.dc1.consul.",
    );
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return error(`the certificate of ${at} is not valid now`, "Renew it, or set the clock of this machine right.");
  }
  if (/^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/.test(code)) {
    return tls.cert === undefined
      ? error(
          `${at} wants a client certificate`,
          "Give certFile and keyFile, or CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY.",
        )
      : error(`${at} does not accept the client certificate`, "Give one that the authority of the servers has signed.");
  }
  if (/^(ERR_SSL|ERR_TLS|ERR_OSSL|EPROTO)/.test(code)) {
    return error(`no TLS connection to ${at} came about`, "Look at the TLS settings of Consul and of the connection.");
  }
  // What is left of OpenSSL's verification is about who signed: UNABLE_TO_GET_ISSUER_CERT_LOCALLY and its like.
  if (/CERT|SIGNATURE|ISSUER|_CA$/.test(code)) {
    return error(
      `the certificate of ${at} is signed by none of the authorities ${tls.ca === undefined ? "that Node.js knows" : "given"}`,
      "Give the authority of Consul: caFile, caPem, caPath, consul:caFile or CONSUL_CACERT.",
    );
  }
  return undefined;
}

/** An answer of 200 that is not what Consul sends. */
export function notASnapshot(connection: Connection, what: string): SnapshotError {
  return new SnapshotError(
    "CONSUL_RESPONSE",
    `${connection.url} answered with ${what}, which no snapshot of Consul has`,
    "Look at the address: something else than Consul's HTTP API answers there, or a proxy changes its answers.",
  );
}

/**
 * A server that is silent for longer than its limit.
 *
 * @param received - bytes of the body so far; `undefined` before the first
 */
export function stalled(connection: Connection, received?: number): SnapshotError {
  if (received === undefined) {
    return new SnapshotError(
      "CONSUL_STALLED",
      `${connection.url} sent no byte within ${connection.firstByteTimeoutMs / 1000} s`,
      "Consul compresses the whole snapshot before its first byte: raise firstByteTimeout if there is much of it.",
    );
  }
  return new SnapshotError(
    "CONSUL_STALLED",
    `${connection.url} sent nothing for ${connection.idleTimeoutMs / 1000} s, after ${received} bytes of the snapshot`,
    "Run it again; idleTimeout sets the limit.",
  );
}

/** A small question that is not answered within its limit. */
export function silent(connection: Connection, limitMs: number): SnapshotError {
  return new SnapshotError(
    "CONSUL_STALLED",
    `${connection.url} did not answer within ${limitMs / 1000} s`,
    "Look at the server's log and load, and run it again.",
  );
}

/** A body that was cut. */
export function cut(connection: Connection, received: number, cause: unknown): SnapshotError {
  return new SnapshotError(
    "CONSUL_UNREACHABLE",
    `the connection to ${connection.url} was cut after ${received} bytes of the snapshot`,
    "Run it again; if it happens again, look at the log of Consul, and at proxies in between.",
    cause,
  );
}

export function tooStale(connection: Connection, lastContactMs: number, maxStalenessMs: number): SnapshotError {
  // A server that has had no leader since its start tells the age of the zero time, in the hundreds of years.
  const never = lastContactMs > 100 * 365 * 24 * 3_600_000;
  const heard = never ? "has not heard from a leader" : `last heard from a leader ${lastContactMs / 1000} s ago`;
  return new SnapshotError(
    "CONSUL_TOO_STALE",
    `the server that answers at ${connection.url} ${heard}; maxStaleness is ${maxStalenessMs / 1000} s`,
    "Ask another server, wait until this one has caught up, or raise maxStaleness.",
  );
}

export function interrupted(cause: unknown): SnapshotError {
  return new SnapshotError("INTERRUPTED", "the request to Consul was interrupted", "Run it again.", cause);
}

/** The code of an error, or of what caused it. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return "";
}
