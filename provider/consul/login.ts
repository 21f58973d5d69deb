/** A token from an auth method: https://developer.hashicorp.com/consul/api-docs/acl#login-to-auth-method */

import { compact } from "../compact";
import { SnapshotError } from "../errors";
import { unreadable } from "../systemCode";
import { cleanLine, cleanText, type CleanText, registerSecret, remark } from "../text";
import { field } from "./agentFacts";
import type { Connection } from "./connection";
import { explainNetworkError } from "./failures";
import { LOGIN_PATH } from "./loginRefusals";
import { Transport } from "./transport";
import { readSpecifiedFile } from "../specifiedFile";

export interface LoginRequest {
  readonly authMethod: string;
  /** The credential for the auth method; `bearerTokenFile` has precedence and is read at login. */
  readonly bearerToken?: string;
  readonly bearerTokenFile?: string;
  readonly meta: Readonly<Record<string, string>>;
}

/** A new token reaches this server by replication: until then it answers "ACL not found" (consul-k8s #1880). */
const REPLICATION_MS = 60_000;
const PAUSE_MS = 1_000;
/** An exiting program does not wait long for an unreachable Consul. */
const LOGOUT_MS = 1_000;

/**
 * Logs in, and waits until this server knows the new token.
 *
 * @param connection - its own token is not used
 * @returns the connection with the login's token
 * @throws SnapshotError `CONSUL_*`, `ARGUMENT_INVALID` if the bearer token cannot be read, `INTERRUPTED`
 */
export async function login(
  connection: Connection,
  request: LoginRequest,
  signal: AbortSignal,
  notice: (message: CleanText) => void,
): Promise<Connection> {
  const BearerToken = await readBearerToken(request);
  registerSecret(BearerToken);
  const anonymous = withoutToken(connection);
  const text = JSON.stringify({ AuthMethod: request.authMethod, BearerToken, Meta: request.meta });
  const json = await withTransport(anonymous, signal, notice, (transport) =>
    transport.retry(async () => {
      try {
        const { failure, ...answer } = await transport.ask({ path: LOGIN_PATH, method: "POST", text });
        return failure ?? answer;
      } catch (error) {
        // Retry only if nothing was sent: otherwise a token may already exist.
        const failure = explainNetworkError(connection, error instanceof Error ? error.cause : undefined);
        if (failure.notTaken) return failure;
        throw error;
      }
    }),
  );
  const token = field(json.json, "SecretID");
  if (typeof token !== "string" || token === "") throw noToken(connection, request);
  registerSecret(token);
  const loggedIn = { ...connection, token };
  try {
    await waitUntilKnown(loggedIn, signal, notice);
  } catch (error) {
    await logout(loggedIn);
    throw error;
  }
  return loggedIn;
}

/** Destroys the login's token, within a second. It never throws: Consul removes a remaining token when it expires. */
export async function logout(connection: Connection): Promise<void> {
  await withTransport(
    connection,
    AbortSignal.timeout(LOGOUT_MS),
    () => undefined,
    (transport) => transport.ask({ path: "/v1/acl/logout", method: "POST", text: "" }),
  ).catch(() => undefined);
}

function withoutToken(connection: Connection): Connection {
  return compact({ ...connection, token: undefined });
}

async function waitUntilKnown(
  connection: Connection,
  signal: AbortSignal,
  notice: (message: CleanText) => void,
): Promise<void> {
  const until = performance.now() + REPLICATION_MS;
  await withTransport(connection, signal, notice, async (transport) => {
    for (let isFirst = true; ; isFirst = false) {
      const { status, failure } = await transport.ask({ path: "/v1/acl/token/self" });
      const isUnknown = (status === 403 || status === 404) && failure?.meaning !== "blocked";
      if (failure === undefined || !isUnknown) return;
      if (performance.now() > until) throw failure.error;
      if (isFirst) notice(remark`the token of the login is not known yet; waiting until it is replicated`);
      await transport.pause(PAUSE_MS);
    }
  });
}

async function withTransport<T>(
  connection: Connection,
  signal: AbortSignal,
  notice: (message: CleanText) => void,
  work: (transport: Transport) => Promise<T>,
): Promise<T> {
  const transport = new Transport(connection, { signal, notice });
  try {
    return await work(transport);
  } finally {
    await transport.close();
  }
}

async function readBearerToken({ bearerToken = "", bearerTokenFile }: LoginRequest): Promise<string> {
  if (bearerTokenFile === undefined) return bearerToken;
  try {
    return (await readSpecifiedFile(bearerTokenFile)).toString().trim();
  } catch (error) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `the bearer token cannot be read: ${cleanLine(unreadable(bearerTokenFile, error))}`,
      "Check login.bearer_token_file, and the owner and mode of the file.",
      error,
    );
  }
}

function noToken({ url }: Connection, { authMethod }: LoginRequest): SnapshotError {
  return new SnapshotError(
    "CONSUL_RESPONSE",
    `${url} does not answer the login at ${cleanText(authMethod)} with a token`,
    "Check the auth method and its binding rules.",
  );
}
