/**
 * What lets a request in to Google Cloud Storage. Asked for before each request (the library keeps it while it is good):
 * afterwards credentials that cannot be had look like any other failure, and the library asks on without any.
 */

import type { Bucket } from "@google-cloud/storage";
import type { SnapshotError } from "../errors";
import { denied, failure, type Place, type Trouble } from "./failures";

/** No access, and why; nothing of what a library or a server wrote, which may hold the credentials. */
export class NoAccess extends Error {
  override readonly name = "NoAccess";

  /** @param network - whether whoever gives access could not be asked, or failed */
  private constructor(
    readonly network: boolean,
    readonly trouble: Trouble,
  ) {
    super("no access");
  }

  /** What an error of the authentication library amounts to. Those that come from a request have its `config`. */
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
 * The headers for a request to `url`. A server of another address (`endpoint=`) is asked without any.
 *
 * @throws NoAccess
 */
export async function accessTo({ storage }: Bucket, url: string, elsewhere: boolean): Promise<Record<string, string>> {
  if (elsewhere) return {};
  try {
    return { ...(await storage.authClient.getRequestHeaders(url)) };
  } catch (error) {
    throw NoAccess.from(error);
  }
}

function short(code: unknown): string {
  return typeof code === "string" && /^[\w.-]{1,40}$/.test(code) ? code : "";
}
