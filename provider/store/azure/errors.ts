/** Translates errors of Azure Blob Storage and its libraries. */

import { SnapshotError } from "../../errors";
import { systemCode } from "../../systemCode";
import { type ErrorTable, failure, type Place, type Trouble } from "../failures";

export const azureErrors: ErrorTable = {
  holder: "container",
  credentialsHelp:
    "Check the credentials that Azure tools find on this machine (AZURE_STORAGE_* variables, workload or managed identity, az login), and that they may list, read and write blobs (Storage Blob Data Contributor).",
  full: /AccountCapacity|quota/i,
  holderMissing: /^(ContainerNotFound|ContainerBeingDeleted)$/,
  denied:
    /^(CredentialUnavailableError|AuthenticationRequiredError|AggregateAuthenticationError|BlobImmutableDueToPolicy)$/,
  notAccepted: /^(InvalidResourceName|UnsupportedHeader|InvalidHeaderValue|EncryptionScopeNotFound)$/,
};

export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return { code: "" };
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
  // A response without a body has its reason in a header.
  const details: unknown = "details" in error ? error.details : undefined;
  const header =
    typeof details === "object" && details !== null && "errorCode" in details ? details.errorCode : undefined;
  const code = typeof header === "string" ? header : systemCode(error) || error.name;
  return status === undefined ? { code } : { status, code };
}

export function failureOf(place: Place, error: unknown): SnapshotError {
  return error instanceof SnapshotError ? error : failure(place, troubleOf(error));
}
