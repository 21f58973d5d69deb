/** Translates errors of Azure Blob Storage and its libraries. */

import { SnapshotError } from "../../errors";
import { systemCode } from "../../systemCode";
import { denied, type ErrorTable, failure, type Place, type Trouble } from "../failures";

export const azureErrors: ErrorTable = {
  holder: "container",
  credentialsHelp:
    "Check the credentials that Azure tools find on this machine (AZURE_STORAGE_* variables, workload or managed identity, az login), and that they may list, read and write blobs (Storage Blob Data Contributor).",
  full: /AccountCapacity|quota/i,
  holderMissing: /^(ContainerNotFound|ContainerBeingDeleted)$/,
  denied: /^(BlobImmutableDueToPolicy|PublicAccessNotPermitted)$/,
  notAccepted:
    /^(InvalidResourceName|UnsupportedHeader|InvalidHeaderValue|EncryptionScopeNotFound|AccountRequiresHttps)$/,
  reasons: [
    {
      codes: /^(AuthenticationFailed|InvalidAuthenticationInfo|NoAuthenticationInformation)$/,
      code: "STORE_DENIED",
      message: (object) => `access to ${object} is denied: the store does not accept the credentials`,
      hint: "Check that the key is that of this storage account, that a SAS token has not expired, and the clock of this machine.",
    },
    {
      codes: /^AuthorizationFailure$/,
      code: "STORE_DENIED",
      message: (object) => `access to ${object} is denied: the storage account does not allow it from this machine`,
      hint: "Check the networking settings of the storage account (firewall, private endpoint), and the addresses that a SAS token allows.",
    },
    {
      codes: /^(BlobArchived|BlobBeingRehydrated)$/,
      code: "STORE_DENIED",
      message: (object) => `${object} is in the archive tier, where it cannot be read`,
      hint: "Change its tier first with az storage blob set-tier --tier Hot, and wait until it can be read.",
    },
    {
      codes: /^LeaseIdMissing$/,
      code: "STORE_DENIED",
      message: (object) => `${object} has a lease, so it cannot be replaced or deleted`,
      hint: "Wait until the lease ends, or break it with az storage blob lease break.",
    },
  ],
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

/** Names of the errors of @azure/identity 4.13. Their messages, and for `AuthenticationError` the status, are of the login server. */
const NO_TOKEN =
  /^(CredentialUnavailableError|AuthenticationRequiredError|AuthenticationError|AggregateAuthenticationError)$/;

export function failureOf(place: Place, error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const trouble = troubleOf(error);
  if (NO_TOKEN.test(trouble.code)) return denied(place, trouble, "Azure's tools got no token on this machine");
  return failure(place, trouble);
}
