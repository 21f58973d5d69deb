/** What Consul, or a proxy before it, says instead of giving a snapshot: as errors that say what to do. */

import { SnapshotError } from "../errors";
import type { Connection } from "./connection";

/** A failed request, and whether asking again may help. */
export interface Failure {
  readonly error: SnapshotError;
  readonly retry: boolean;
}

/** An answer whose status is not 200. */
export interface Refusal {
  readonly status: number;
  readonly contentType: string;
  readonly location?: string;
  /** The beginning of the body. */
  readonly text: string;
}

/** No way to the leader, or none there: an election, which is over in seconds, or a lost quorum. */
const NO_LEADER =
  /No cluster leader|leadership|not the leader|dial tcp|connection re(fused|set)|broken pipe|\bEOF$|failed to get conn|i\/o timeout|shutdown/i;
const DENIED = /ACL not found|Permission denied/i;

/** The longest piece of a server's own words in a message. */
const LONGEST_QUOTE = 200;

/** Explains an answer that is not 200. */
export function explainRefusal(connection: Connection, refusal: Refusal): Failure {
  const { status } = refusal;
  const text = refusal.text.trim();
  const said = quote(connection, refusal);
  if (status === 403 || (status === 500 && DENIED.test(text))) return { error: denied(connection, said), retry: false };
  if (status === 500 && /No path to datacenter/i.test(text)) {
    return { error: noSuchDatacenter(connection, said), retry: false };
  }
  if (status === 500 && /No known Consul servers/i.test(text))
    return { error: noServers(connection, said), retry: true };
  if (status === 500 && NO_LEADER.test(text)) return { error: noLeader(connection, said), retry: true };
  if (status === 400 && /HTTP request to an HTTPS server/i.test(text)) {
    return { error: wantsHttps(connection), retry: false };
  }
  // Limits and proxies whose servers are away for a moment.
  return { error: unexpected(connection, refusal, said), retry: [429, 502, 503].includes(status) };
}

/** Explains an answer to a restore that is not 200. It does not tell whether the state was replaced. */
export function explainRestoreRefusal(connection: Connection, refusal: Refusal): SnapshotError {
  const said = quote(connection, refusal);
  const isDenied = refusal.status === 403 || DENIED.test(refusal.text);
  return new SnapshotError(
    isDenied ? "CONSUL_DENIED" : "CONSUL_RESPONSE",
    `Consul at ${connection.url} answered the restore with an error (${said})`,
    isDenied ? 'Give a token with the rule acl = "write".' : "Look at the log of the leader.",
  );
}

function denied(connection: Connection, said: string): SnapshotError {
  const at = `Consul at ${connection.url}`;
  if (connection.token === undefined) {
    return new SnapshotError(
      "CONSUL_DENIED",
      `${at} gives no snapshot without a token (${said})`,
      'Give a token with the rule acl = "write": as consul:token, CONSUL_HTTP_TOKEN, connection.token or a token file.',
    );
  }
  if (/ACL not found/i.test(said)) {
    return new SnapshotError(
      "CONSUL_DENIED",
      `${at} does not know the token (${said})`,
      'It is mistyped, deleted, or of another cluster: give one with the rule acl = "write".',
    );
  }
  return new SnapshotError(
    "CONSUL_DENIED",
    `${at} does not allow the token a snapshot (${said})`,
    'A policy of the token needs the rule acl = "write"; operator = "write" is not enough.',
  );
}

function noSuchDatacenter(connection: Connection, said: string): SnapshotError {
  return new SnapshotError(
    "CONSUL_UNKNOWN_DATACENTER",
    `Consul at ${connection.url} knows no way to the datacenter ${connection.datacenter ?? "asked for"} (${said})`,
    "Correct the datacenter, or ask a cluster that is joined to it.",
  );
}

/** Adds the datacenters that there are to the advice. */
export function nameDatacenters(error: SnapshotError, known: readonly string[]): SnapshotError {
  if (known.length === 0) return error;
  return new SnapshotError(error.code, error.message, `${error.hint} Known there: ${clip(known.join(", "))}.`);
}

function noServers(connection: Connection, said: string): SnapshotError {
  return new SnapshotError(
    "CONSUL_UNREACHABLE",
    `the Consul agent at ${connection.url} knows no server (${said})`,
    "It has just started, or has lost its servers: look at `consul members` there, or give a server's address.",
  );
}

function noLeader(connection: Connection, said: string): SnapshotError {
  return new SnapshotError(
    "CONSUL_NO_LEADER",
    `Consul at ${connection.url} reaches no leader (${said})`,
    'After an election, run it again. If quorum is lost, consistency: "stale" takes what this one server has.',
  );
}

function wantsHttps(connection: Connection): SnapshotError {
  return new SnapshotError(
    "CONSUL_TLS",
    `${connection.url} speaks https, and was asked by http`,
    'Write https:// before the address, or give scheme: "https", consul:scheme or CONSUL_HTTP_SSL=true.',
  );
}

function unexpected(connection: Connection, { status, location }: Refusal, said: string): SnapshotError {
  const error = (message: string, hint: string): SnapshotError => new SnapshotError("CONSUL_RESPONSE", message, hint);
  const at = connection.url;
  if (status >= 300 && status < 400) {
    const target = location === undefined ? "elsewhere" : `to ${clip(withoutSecrets(connection, location))}`;
    return error(
      `${at} redirects ${target} (${said})`,
      "A redirect is not followed, because the token would go along: give the address of Consul itself.",
    );
  }
  switch (status) {
    case 401:
      return new SnapshotError(
        "CONSUL_DENIED",
        `${at} asks for a login (${said})`,
        "That is a proxy before Consul: give user and password as consul:httpAuth, CONSUL_HTTP_AUTH or httpAuth.",
      );
    case 404:
    case 405:
      return error(
        `${at} has no snapshot endpoint (${said})`,
        "Look at the address and the path in it: something else than Consul's HTTP API answers there.",
      );
    case 413:
      return error(
        `a proxy at ${at} refuses the size (${said})`,
        "Raise the proxy's limit on bodies, or give the address of Consul itself.",
      );
    case 429:
      return error(
        `${at} limits requests (${said})`,
        "Run it again later, or raise the limit of Consul or of the proxy.",
      );
    case 504:
      return error(
        `a proxy at ${at} did not wait for Consul (${said})`,
        "Consul compresses the whole snapshot before its first byte: raise the proxy's read timeout, or go around it.",
      );
    default:
      return error(`${at} answered with an error (${said})`, "Look at the log of Consul, and of a proxy before it.");
  }
}

/** Status and words of an answer: one line, short, and without what it may repeat of our own secrets. */
function quote(connection: Connection, { status, contentType, text }: Refusal): string {
  if (/html/i.test(contentType) || /^\s*<(!doctype|html)/i.test(text)) return `${status}, an HTML page`;
  const words = clip(withoutSecrets(connection, text));
  return words === "" ? String(status) : `${status} ${words}`;
}

function withoutSecrets({ token, headers }: Connection, text: string): string {
  // A short value, such as "1", is no secret, and would be found everywhere.
  const secrets = [token ?? "", ...Object.values(headers).filter((value) => value.length >= 8)];
  return secrets.reduce((clean, secret) => (secret === "" ? clean : clean.replaceAll(secret, "…")), text);
}

function clip(text: string): string {
  const line = text.replace(/[\s\p{C}]+/gu, " ").trim();
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}
