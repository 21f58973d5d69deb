/**
 * Access tokens for Google Cloud Storage. They are requested before each request (the library caches them while they
 * are valid), because the library reports missing credentials like any other failure and continues without any.
 */

import type { Bucket } from "@google-cloud/storage";
import { SnapshotError } from "../../errors";
import { registerSecret } from "../../text";
import { promptCredentials } from "../promptCredentials";
import { denied, failure, type Place, type Trouble } from "../failures";

/** Why there is no access. It contains no text of a library or a server, which may include the credentials. */
export class NoAccess extends Error {
  override readonly name = "NoAccess";

  /**
   * @param network - whether the authentication server failed or was unreachable
   * @param reason - what is wrong with the credentials, in our own words
   */
  private constructor(
    readonly network: boolean,
    readonly trouble: Trouble,
    readonly reason?: string,
  ) {
    super("no access");
  }

  /** Translates an error of the authentication library. Errors of a request have its `config`. */
  static from(error: unknown): NoAccess {
    if (!(error instanceof Error)) return new NoAccess(false, { code: "" });
    const { code, response } = error as Error & {
      readonly code?: unknown;
      readonly response?: { readonly status?: unknown; readonly data?: { readonly error?: unknown } | null };
    };
    if (response === undefined) return new NoAccess("config" in error, { code: short(code) }, reasonOf(error));
    const status = Number(response.status);
    const refused = status >= 400 && status < 500 && status !== 408 && status !== 429;
    return new NoAccess(!refused, { status, code: short(response.data?.error) });
  }

  toFailure(place: Place): SnapshotError {
    return this.network ? failure(place, this.trouble) : denied(place, this.trouble, this.reason);
  }
}

/**
 * The headers for a request to `url`. Requests to another server (`endpoint=`) have none.
 *
 * @throws NoAccess
 */
export async function accessTo({ storage }: Bucket, url: string, elsewhere: boolean): Promise<Record<string, string>> {
  if (elsewhere) return {};
  try {
    const found = await promptCredentials(() => storage.authClient.getRequestHeaders(url));
    const headers: Record<string, string> = { ...found };
    // A server could echo the token.
    for (const [name, value] of Object.entries(headers)) if (/^authorization$/i.test(name)) registerSecret(value);
    return headers;
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    throw NoAccess.from(error);
  }
}

/**
 * What is wrong with the credentials, by the messages of google-auth-library 9.15, which are not shown themselves: they quote
 * files and their content.
 */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/Could not load the default credentials/, "no Google credentials were found on this machine"],
  [/does not exist, or it is not a file/, "a file of the Google credentials does not exist, or is not a file"],
  [/executables need to be explicitly allowed/i, "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES is not 1"],
  [/does not contain a client_email field/, "the Google credentials have neither a known type nor client_email"],
  [/does not contain a private_key field/, "the Google credentials have no private_key"],
  [/does not contain a client_id field/, "the Google credentials have no client_id"],
  [/does not contain a client_secret field/, "the Google credentials have no client_secret"],
  [/does not contain a refresh_token field/, "the Google credentials have no refresh_token"],
  [/does not contain a source_credentials field/, "the Google credentials have no source_credentials"],
  [
    /service_account_impersonation_url|target principal/i,
    "the Google credentials have no usable service_account_impersonation_url",
  ],
  [/credential.?source/i, "the Google credentials have no usable credential_source"],
  [/JSON/, "the Google credentials are not the JSON object of a credentials file"],
];

function reasonOf(error: Error): string | undefined {
  const { message, code } = error as Error & { readonly code?: unknown };
  // Of OpenSSL, or of Node.js for a value that is not a string.
  if (typeof code === "string" && /^ERR_(OSSL_|INVALID_ARG_TYPE$)/.test(code)) {
    return "the private_key of the Google credentials is not a key";
  }
  return REASONS.find(([words]) => words.test(message))?.[1];
}

function short(code: unknown): string {
  return typeof code === "string" && /^[\w.-]{1,40}$/.test(code) ? code : "";
}
