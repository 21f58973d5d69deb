/**
 * The meaning of responses other than 200, in one table for all requests: statuses and messages of Consul and of
 * proxies in front of it. The first matching row counts.
 */

import { SnapshotError } from "../errors";
import type { Connection } from "./connection";
import { cleanText } from "../text";
import { afterElection, changeScheme, placeOf, setClientCertificate } from "./hints";
import { LOGIN_REFUSALS } from "./loginRefusals";
import { type Case, isDenied, type Meaning, type Refusal, type Row, says } from "./refusalRow";

/** A failed request. */
export interface Failure {
  readonly error: SnapshotError;
  /** Whether a retry may help. */
  readonly retry: boolean;
  /** Absent if there was no response. */
  readonly meaning?: Meaning;
  /** Whether a server that fails like this has not processed the request's body. A proxy may have passed it on. */
  readonly notTaken: boolean;
}

const TOKEN_RULE = 'acl = "write"';

/**
 * The permission that Consul misses, as in `lacks permission 'session:write' on "node-1"`: acl/errors.go, Consul 1.12
 * to 1.22. Names with other characters are only in the quoted response.
 */
const LACKS = /Permission denied: .*lacks permission '([a-z]{1,20}):(read|list|write)'(?: on "([\w./@:-]{1,200})")?/;
/** Rules without a name, and rules for a name. */
const PLAIN_RULES: readonly string[] = ["keyring", "mesh", "operator", "peering"];
const NAMED_RULES: readonly string[] = ["agent", "event", "key", "node", "query", "service", "session"];

const hasStatus =
  (...statuses: readonly number[]) =>
  ({ status }: Refusal): boolean =>
    statuses.includes(status);

const LOOK_AT_SERVICE = "Check the address and the path in it: something other than Consul's HTTP API answers there.";

const TABLE: readonly Row[] = [
  {
    // http_config.block_endpoints and allow_write_http_from: agent/http.go, Consul 1.13.9. No token changes that.
    meaning: "blocked",
    matches: says(403, /blocked by agent configuration|Access is restricted/i),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `the configuration of the Consul agent at ${at} blocks this request`,
    hint: "A token does not change that: use another agent, or change http_config (block_endpoints, allow_write_http_from) of this one.",
  },
  {
    // Consul's own refusals have a reason (agent/http.go, Consul 1.13.9). Envoy answers "RBAC: access denied" as plain text, and
    // many gateways answer nothing.
    meaning: "blocked",
    matches: (refusal) => refusal.status === 403 && !isDenied(refusal),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `a proxy at ${at} forbids the request`,
    hint: "Consul itself does not answer like this, and a token does not change it: allow the request in the proxy, or use the address of Consul itself.",
  },
  ...LOGIN_REFUSALS,
  {
    meaning: "noToken",
    matches: (refusal, { token }) => isDenied(refusal) && token === undefined,
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `Consul at ${at} does not allow the request without a token`,
    hint: ({ connection, refusal }) =>
      `Set a token with the rule ${missingRule(refusal) ?? TOKEN_RULE}: ${placeOf(connection, "token")}, or a token file.`,
  },
  {
    meaning: "unknownToken",
    matches: (refusal) => isDenied(refusal) && /ACL not found/i.test(refusal.text),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `Consul at ${at} does not know the token`,
    hint: ({ connection }) =>
      `The token is mistyped, deleted, or belongs to another cluster: set one with the rule ${TOKEN_RULE} in ${tokenPlace(connection)}.`,
  },
  {
    meaning: "noPermission",
    matches: isDenied,
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `Consul at ${at} does not allow the token this request`,
    hint: ({ refusal }) => {
      const rule = missingRule(refusal);
      return rule === undefined
        ? `A policy of the token needs the rule ${TOKEN_RULE}; operator = "write" is not enough.`
        : `A policy of the token needs the rule ${rule}.`;
    },
  },
  {
    meaning: "unknownDatacenter",
    matches: says(500, /No path to datacenter/i),
    code: "CONSUL_UNKNOWN_DATACENTER",
    notTaken: true,
    message: ({ at, connection }) => `Consul at ${at} cannot reach datacenter ${connection.datacenter ?? ""}`.trimEnd(),
    hint: "Correct the datacenter, or use the address of a cluster that is joined to it.",
  },
  {
    meaning: "noServers",
    matches: says(500, /No known Consul servers/i),
    code: "CONSUL_UNREACHABLE",
    retry: true,
    notTaken: true,
    message: ({ at }) => `the Consul agent at ${at} knows no server`,
    hint: "It has just started, or has lost its servers: see `consul members` there, or use a server's address.",
  },
  {
    meaning: "noLeader",
    // The second: structs.ErrLeaderNotTracked, while servers have elected one and do not know its address yet.
    matches: says(500, /No cluster leader|Raft leader not found in server lookup mapping/i),
    code: "CONSUL_NO_LEADER",
    retry: true,
    notTaken: true,
    message: ({ at }) => `Consul at ${at} reaches no leader`,
    hint: ({ connection }) => afterElection(connection),
  },
  {
    // Consul verifies the whole archive before Raft receives any of it: snapshot.Restore calls Read first (1.13.9).
    meaning: "archiveRefused",
    matches: says(
      500,
      /failed to (decompress|read) snapshot|failed checking integrity of snapshot|failed to read or write snapshot data/i,
    ),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `Consul at ${at} refuses the archive: it did not arrive as it was verified`,
    hint: "Nothing was replaced. Look for a proxy in between that changes or truncates uploads, and use Consul's own address.",
  },
  {
    // Of the connection between the asked agent and a server: no election mends that, nor stale reads of a client agent.
    meaning: "serverError",
    matches: says(500, /\bx509: |\btls: /),
    code: "CONSUL_RESPONSE",
    notTaken: false,
    message: ({ at }) => `the Consul agent at ${at} cannot open a TLS connection to a server`,
    hint: "Check the certificates of this agent and of the servers (tls.internal_rpc, or ca_file, cert_file and verify_outgoing), or use a server's address.",
  },
  {
    // The request was forwarded to a leader that has just died: either an election, which takes seconds, or a lost
    // quorum.
    meaning: "leaderLost",
    matches: says(
      500,
      /leadership|not the leader|dial tcp|connection re(fused|set)|broken pipe|\bEOF\s*$|failed to get conn|i\/o timeout|shutdown/i,
    ),
    code: "CONSUL_NO_LEADER",
    retry: true,
    notTaken: false,
    message: ({ at }) => `Consul at ${at} reaches no leader`,
    hint: ({ connection }) => afterElection(connection),
  },
  {
    meaning: "wantsHttps",
    matches: says(400, /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port/i),
    code: "CONSUL_TLS",
    notTaken: true,
    message: ({ at }) => `${at} speaks https, and was asked by http`,
    hint: ({ connection }) => changeScheme(connection, "https"),
  },
  {
    // nginx with ssl_verify_client answers 400; 495 and 496 are its own, for error pages and other proxies.
    meaning: "wantsCertificate",
    matches: (refusal) =>
      hasStatus(495, 496)(refusal) || says(400, /required SSL certificate|SSL certificate error/i)(refusal),
    code: "CONSUL_TLS",
    notTaken: true,
    message: ({ at, connection: { tls } }) =>
      `a proxy at ${at} ${tls?.cert === undefined ? "wants a client certificate" : "does not accept the client certificate"}`,
    hint: ({ connection }) =>
      connection.tls?.cert === undefined
        ? setClientCertificate(connection)
        : "Use one that an authority of the proxy has signed.",
  },
  {
    meaning: "redirect",
    matches: ({ status }) => status >= 300 && status < 400,
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at, refusal: { location } }) =>
      `${at} redirects ${location === undefined ? "elsewhere" : `to ${cleanText(location)}`}`,
    hint: "Redirects are not followed, because they would receive the token: use the address of Consul itself.",
  },
  {
    meaning: "login",
    matches: hasStatus(407),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `the proxy on the way to ${at} requires a login`,
    hint: ({ connection }) =>
      `Set ${connection.proxy?.variable ?? "HTTP_PROXY"} with the user and the password: http://user:password@host:port.`,
  },
  {
    meaning: "login",
    matches: hasStatus(401),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `a proxy at ${at} requires a login`,
    hint: ({ connection }) => `Set the user and password of that proxy: ${placeOf(connection, "httpAuth")}.`,
  },
  {
    meaning: "noEndpoint",
    matches: hasStatus(404, 405),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at, refusal: { path } }) => `${at} has no ${path}`,
    hint: LOOK_AT_SERVICE,
  },
  {
    // nginx compares Content-Length with client_max_body_size before it reads the body.
    meaning: "tooLarge",
    matches: hasStatus(411, 413),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `a proxy at ${at} refuses the size of the request`,
    hint: "Raise the proxy's limit on request bodies (nginx: client_max_body_size), or use the address of Consul itself.",
  },
  {
    meaning: "badRequest",
    matches: hasStatus(414, 431, 494),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `${at} refuses the size of the request's address and headers`,
    hint: ({ connection }) =>
      `Shorten the token and ${placeOf(connection, "headers") || "the headers"}, raise the limit of the proxy (nginx: large_client_header_buffers), or use the address of Consul itself.`,
  },
  {
    // Since 1.15 a leader that is too busy answers 503: "rate limit exceeded for operation that can only be performed by the leader".
    meaning: "rateLimit",
    matches: (refusal) => refusal.status === 429 || (refusal.status >= 500 && /rate limit/i.test(refusal.text)),
    code: "CONSUL_RESPONSE",
    retry: true,
    notTaken: true,
    message: ({ at }) => `${at} limits the rate of requests`,
    hint: "Run it again later, or raise the limit of Consul or of the proxy.",
  },
  {
    meaning: "proxyTimeout",
    matches: hasStatus(504, 408),
    code: "CONSUL_RESPONSE",
    notTaken: false,
    message: ({ at }) => `a proxy at ${at} did not wait for Consul`,
    hint: "Consul compresses the whole snapshot before its first byte: raise the proxy's timeouts, or use the address of Consul itself.",
  },
  {
    // Envoy also answers 503 when its connection to Consul breaks after the body was sent.
    meaning: "proxyUpstream",
    matches: hasStatus(502, 503),
    code: "CONSUL_RESPONSE",
    retry: true,
    notTaken: false,
    message: ({ at }) => `a proxy at ${at} does not reach Consul`,
    hint: "Check that Consul runs, and the proxy's log.",
  },
  {
    meaning: "badRequest",
    matches: hasStatus(400, 406, 415, 417, 421, 422),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `${at} rejects the request`,
    hint: LOOK_AT_SERVICE,
  },
  {
    meaning: "serverError",
    matches: ({ status }) => status >= 500,
    code: "CONSUL_RESPONSE",
    notTaken: false,
    message: ({ at }) => `${at} answered with an error`,
    hint: "See the log of Consul's leader, and that of a proxy in front of it.",
  },
  {
    meaning: "other",
    matches: () => true,
    code: "CONSUL_RESPONSE",
    notTaken: false,
    message: ({ at }) => `${at} gave an answer that Consul does not give`,
    hint: LOOK_AT_SERVICE,
  },
];

/** Explains a response that is not 200. */
export function explainRefusal(connection: Connection, refusal: Refusal): Failure {
  const row = TABLE.find(({ matches }) => matches(refusal, connection));
  if (row === undefined) throw new Error("the last row of the table matches every answer");
  const answer: Case = { connection, refusal, at: connection.url };
  const hint = typeof row.hint === "string" ? row.hint : row.hint(answer);
  return {
    error: new SnapshotError(row.code, `${row.message(answer)} (${quote(refusal)})`, hint),
    retry: row.retry === true,
    meaning: row.meaning,
    notTaken: row.notTaken,
  };
}

/** The rule that grants the permission that Consul names; `undefined` if it names none, or that of snapshots. */
function missingRule({ text }: Refusal): string | undefined {
  const [, resource = "", access = "", name] = LACKS.exec(text) ?? [];
  if (PLAIN_RULES.includes(resource)) return `${resource} = "${access}"`;
  if (!NAMED_RULES.includes(resource) || name === undefined) return undefined;
  return cleanText(`${resource} "${name}" { policy = "${access}" }`);
}

/** If both the token and the token file are set, the file has precedence. */
function tokenPlace(connection: Connection): string {
  return connection.labels.set.tokenFile ?? placeOf(connection, "token");
}

/** Adds the existing datacenters to the hint. */
export function nameDatacenters(error: SnapshotError, known: readonly string[]): SnapshotError {
  if (known.length === 0) return error;
  const names = cleanText(known.join(", "));
  return new SnapshotError(error.code, error.message, `${error.hint} Known there: ${names}.`);
}

/** Status and text of a response. */
function quote({ status, contentType, text }: Refusal): string {
  if (/html/i.test(contentType) || /^\s*<(!doctype|html)/i.test(text)) return `${status}, an HTML page`;
  const words = cleanText(text);
  return words === "" ? String(status) : `${status} ${words}`;
}
