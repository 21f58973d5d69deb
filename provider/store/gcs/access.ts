/**
 * Access tokens for Google Cloud Storage. They are requested before each request (the library caches them while they
 * are valid), because the library reports missing credentials like any other failure and continues without any.
 */

import type { Bucket } from "@google-cloud/storage";
import type { SnapshotError } from "../../errors";
import { registerSecret } from "../../text";
import { denied, failure, type Place, type Trouble } from "../failures";

/** Why there is no access. It contains no text of a library or a server, which may include the credentials. */
export class NoAccess extends Error {
  override readonly name = "NoAccess";

  /** @param network - whether the authentication server failed or was unreachable */
  private constructor(
    readonly network: boolean,
    readonly trouble: Trouble,
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
    if (response === undefined) return new NoAccess("config" in error, { code: short(code) });
    const status = Number(response.status);
    const refused = status >= 400 && status < 500 && status !== 408 && status !== 429;
    return new NoAccess(!refused, { status, code: short(response.data?.error) });
  }

  toFailure(place: Place): SnapshotError {
    return this.network ? failure(place, this.trouble) : denied(place, this.trouble);
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
    const headers: Record<string, string> = { ...(await storage.authClient.getRequestHeaders(url)) };
    // A server could echo the token.
    for (const [name, value] of Object.entries(headers)) if (/^authorization$/i.test(name)) registerSecret(value);
    return headers;
  } catch (error) {
    throw NoAccess.from(error);
  }
}

function short(code: unknown): string {
  return typeof code === "string" && /^[\w.-]{1,40}$/.test(code) ? code : "";
}
