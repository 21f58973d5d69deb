/**
 * The meaning of responses other than 200, in one table for all requests: statuses and messages of Consul and of
 * proxies in front of it. The first matching row counts.
 */

import { type ErrorCode, SnapshotError } from "../errors";
import type { Connection } from "./connection";
import { cleanText } from "../text";
import { afterElection, changeScheme, placeOf } from "./hints";

/** The reasons for refusing a request. */
export type Meaning =
  | "blocked"
  | "noToken"
  | "unknownToken"
  | "noPermission"
  | "unknownDatacenter"
  | "noAuthMethod"
  | "noBindingRule"
  | "aclsDisabled"
  | "authMethodFailed"
  | "jwtRefused"
  | "noServers"
  | "noLeader"
  | "leaderLost"
  | "archiveRefused"
  | "wantsHttps"
  | "redirect"
  | "login"
  | "noEndpoint"
  | "tooLarge"
  | "rateLimit"
  | "proxyTimeout"
  | "proxyUpstream"
  | "badRequest"
  | "serverError"
  | "other";

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

/** A response whose status is not 200. */
export interface Refusal {
  /** The path of the request, such as `/v1/snapshot`. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly location?: string;
  /** The beginning of the body. */
  readonly text: string;
}

interface Case {
  readonly connection: Connection;
  readonly refusal: Refusal;
  /** The URL of the request, for messages. */
  readonly at: string;
}

interface Row {
  readonly meaning: Meaning;
  readonly matches: (refusal: Refusal, connection: Connection) => boolean;
  readonly code: ErrorCode;
  /** A retry may help. Default: false. */
  readonly retry?: boolean;
  /** A server that answers like this has not processed the body of a PUT. */
  readonly notTaken: boolean;
  /** The response itself is appended in parentheses. */
  readonly message: (answer: Case) => string;
  readonly hint: string | ((answer: Case) => string);
}

export const LOGIN_PATH = "/v1/acl/login";
const TOKEN_RULE = 'acl = "write"';
const DENIED = /ACL not found|Permission denied/i;

/**
 * The permission that Consul misses, as in `lacks permission 'session:write' on "node-1"`: acl/errors.go, Consul 1.12
 * to 1.22. Names with other characters are only in the quoted response.
 */
const LACKS = /Permission denied: .*lacks permission '([a-z]{1,20}):(read|list|write)'(?: on "([\w./@:-]{1,200})")?/;
/** Rules without a name, and rules for a name. */
const PLAIN_RULES: readonly string[] = ["keyring", "mesh", "operator", "peering"];
const NAMED_RULES: readonly string[] = ["agent", "event", "key", "node", "query", "service", "session"];

const isDenied = ({ status, text }: Refusal): boolean => status === 403 || (status === 500 && DENIED.test(text));
const says =
  (status: number, words: RegExp) =>
  (refusal: Refusal): boolean =>
    refusal.status === status && words.test(refusal.text);
const hasStatus =
  (...statuses: readonly number[]) =>
  ({ status }: Refusal): boolean =>
    statuses.includes(status);

/** Whether the response is from a proxy or gateway: HTML, JSON or XML. */
const isPage = ({ contentType, text }: Refusal): boolean => /html|json|xml/i.test(contentType) || /^\s*[<{]/.test(text);

/** Refusals of a login have words of their own: ACL.Login in agent/consul/acl_endpoint.go, Consul 1.12 to 1.14. */
const atLogin =
  (matches: (refusal: Refusal) => boolean) =>
  (refusal: Refusal): boolean =>
    refusal.path === LOGIN_PATH && matches(refusal);

/** The auth method has read the JWT and refuses it: internal/go-sso/oidcauth/jwt.go, agent/consul/authmethod/kubeauth/k8s.go. */
const refusedJwt = (words: RegExp, reason: string, hint: string): Row => ({
  meaning: "jwtRefused",
  matches: atLogin(says(500, words)),
  code: "CONSUL_DENIED",
  notTaken: true,
  message: ({ at }) => `the auth method of Consul at ${at} refuses the JWT of the login: ${reason}`,
  hint,
});

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
    // Consul's own refusals are plain text with a reason: agent/http.go, Consul 1.13.9.
    meaning: "blocked",
    matches: (refusal) => refusal.status === 403 && !DENIED.test(refusal.text) && isPage(refusal),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `a proxy at ${at} forbids the request`,
    hint: "Consul itself does not answer like this, and a token does not change it: allow the request in the proxy, or use the address of Consul itself.",
  },
  {
    meaning: "noAuthMethod",
    matches: atLogin((refusal) => isDenied(refusal) && /auth method .* not found/i.test(refusal.text)),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `Consul at ${at} has no auth method of this name`,
    hint: "Correct login.auth_method: `consul acl auth-method list` prints the names.",
  },
  {
    meaning: "noBindingRule",
    matches: atLogin((refusal) => isDenied(refusal) && /Permission denied/i.test(refusal.text)),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `no binding rule matches the login at the auth method of Consul at ${at}`,
    hint: "Add a binding rule whose selector matches, and the role that it names: `consul acl binding-rule list` prints the rules.",
  },
  {
    meaning: "aclsDisabled",
    matches: atLogin(says(401, /ACL support disabled/i)),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `ACLs are disabled in Consul at ${at}, so nobody can log in`,
    hint: "Remove login from the configuration: such a Consul needs no token.",
  },
  {
    // Before the rows for other requests: the server that does not answer is not one of Consul's.
    meaning: "authMethodFailed",
    matches: atLogin(
      says(500, /fetching keys|\/tokenreviews|annotation lookup failed|^(rpc error making call: )?Unauthorized$/i),
    ),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `the auth method of Consul at ${at} cannot check the JWT of the login`,
    hint: "Consul's leader asks the issuer or Kubernetes: check that it reaches JWKSURL, OIDCDiscoveryURL or Host of the auth method, and that ServiceAccountJWT of the auth method is valid.",
  },
  refusedJwt(
    /token is expired/i,
    "it has expired",
    "Log in with a new JWT: login.bearer_token_file is read at each login. If the JWT is new, check the clock of Consul's leader.",
  ),
  refusedJwt(
    /token not valid yet|token issued in the future/i,
    "it is not valid yet",
    "Compare the clock of Consul's leader with that of the JWT's issuer.",
  ),
  refusedJwt(
    /no issue time, notbefore, or expiration time/i,
    "it contains no time",
    "Use a JWT with the claims exp and nbf.",
  ),
  refusedJwt(
    /invalid issuer claim/i,
    "it is from another issuer",
    "The claim iss must be BoundIssuer of the auth method: `consul acl auth-method read -name NAME` prints it.",
  ),
  refusedJwt(
    /aud(ience)? claim/i,
    "it is for another audience",
    "The claim aud must contain one of BoundAudiences of the auth method: `consul acl auth-method read -name NAME` prints them.",
  ),
  refusedJwt(
    /token signature/i,
    "no key of the auth method verifies its signature",
    "Use a JWT of the issuer whose keys the auth method has, or correct JWTValidationPubKeys, JWKSURL or OIDCDiscoveryURL of the auth method.",
  ),
  refusedJwt(
    /missing jwt|malformed jwt|error parsing token|failed to parse and validate JWT/i,
    "it is not a JWT",
    "login.bearer_token, or the file login.bearer_token_file, must contain a JWT and nothing else.",
  ),
  refusedJwt(
    /lookup failed:/i,
    "Kubernetes does not accept it",
    "Use the token of a service account that exists, in the cluster whose API is Host of the auth method.",
  ),
  refusedJwt(
    /claim/i,
    "its claims do not have the form that the auth method expects",
    "Compare its claims with ClaimMappings and ListClaimMappings of the auth method.",
  ),
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
    matches: says(500, /No cluster leader/i),
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
    matches: hasStatus(411, 413, 414, 431),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `a proxy at ${at} refuses the size of the request`,
    hint: "Raise the proxy's limit on request bodies (nginx: client_max_body_size), or use the address of Consul itself.",
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
