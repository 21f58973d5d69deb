/** Translates errors of Google Cloud Storage and its libraries. */

import { SnapshotError } from "../../errors";
import { type ErrorTable, failure, type Place, type Trouble } from "../failures";
import { NoAccess } from "./access";
import type { Reasons } from "./upload";

export const gcsErrors: ErrorTable = {
  holder: "bucket",
  credentialsHelp:
    "Check the credentials that Google's tools find on this machine (GOOGLE_CREDENTIALS, GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login, the machine's account), and that they may list, get and create objects (Storage Object User).",
  full: /quota/i,
  notAccepted: /^userProjectMissing$/,
};

/**
 * The library has two kinds of errors. Each has the HTTP status as its code or status, sometimes as a string; the
 * server's reason is in the error, or in the attached response.
 */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return { code: "" };
  const {
    code: own,
    status: ownStatus,
    errors,
    response,
  } = error as Error & {
    readonly code?: unknown;
    readonly status?: unknown;
    readonly errors?: Reasons;
    readonly response?: { readonly data?: { readonly error?: { readonly errors?: Reasons } } };
  };
  const code = own ?? ownStatus;
  const status = /^[1-5]\d\d$/.test(String(code)) ? Number(code) : undefined;
  if (status === undefined) return { code: typeof code === "string" ? code : error.name };
  return { status, code: (errors ?? response?.data?.error?.errors)?.[0]?.reason ?? "" };
}

export function failureOf(place: Place, error: unknown): SnapshotError {
  if (error instanceof NoAccess) return error.toFailure(place);
  return error instanceof SnapshotError ? error : failure(place, troubleOf(error));
}
