/**
 * What can go wrong at a store, in words that do not depend on which store it was. Nothing a server or a library said
 * is passed on, save short codes: their texts, requests and headers may hold credentials.
 */

import { SnapshotError } from "../errors";

/** How a user names what failed. */
export interface Place {
  /** The object: a path, or a URL without settings. */
  readonly object: string;
  /** What holds it: a folder, or `bucket s3://…`. */
  readonly holder: string;
  /** What to do when access is denied. */
  readonly access: string;
}

/** What a server answered, or why none did. */
export interface Trouble {
  /** The HTTP status, if there was an answer. */
  readonly status?: number;
  /** A server's, library's or system's error code, such as `NoSuchBucket` or `ECONNREFUSED`. */
  readonly code: string;
}

const STALLED = /^(TimeoutError|RequestTimeout|ETIMEDOUT|ESOCKETTIMEDOUT|OperationTimedOut)$/;
const FULL = /quota|StorageFull|InsufficientStorage|NoSpace|AccountCapacity|ENOSPC|EDQUOT/i;
const NO_HOLDER = /^(NoSuchBucket|ContainerNotFound|ContainerBeingDeleted)$/;
const DENIED =
  /^(InvalidAccessKeyId|ExpiredToken(Exception)?|InvalidToken|InvalidIdentityToken(Exception)?|TokenRefreshRequired|CredentialsProviderError|CredentialUnavailableError|AuthenticationRequiredError|AggregateAuthenticationError|BlobImmutableDueToPolicy|KMS\..*)$/;
const NOT_ACCEPTED =
  /^(InvalidBucketName|InvalidResourceName|InvalidStorageClass|InvalidArgument|InvalidRequest|KeyTooLongError|ObjectParentIsFile|ExistingObjectIsDirectory|DirectoryObjectContainsData|PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException|UnsupportedHeader|InvalidHeaderValue|EncryptionScopeNotFound)$/;

/** The failure that a server's answer amounts to, where the caller knows no better. */
export function failure(place: Place, trouble: Trouble): SnapshotError {
  const { status, code } = trouble;
  if (STALLED.test(code)) return stalled(place, trouble);
  if (status === 507 || FULL.test(code)) return full(place, trouble);
  if (NO_HOLDER.test(code)) return holderMissing(place, trouble);
  if (NOT_ACCEPTED.test(code)) {
    return make("TARGET_INVALID", `${place.object} is not accepted`, "Check the target's name and settings.", trouble);
  }
  if (status === 401 || status === 403 || DENIED.test(code)) return denied(place, trouble);
  if (status === 404) return missing(place, trouble);
  return unreachable(place, trouble);
}

export function denied(place: Place, trouble: Trouble): SnapshotError {
  return make("STORE_DENIED", `access to ${place.object} is denied`, place.access, trouble);
}

export function locked(place: Place): SnapshotError {
  return make("STORE_DENIED", `${place.object} is locked`, "It can go once its lock or legal hold has ended.");
}

export function missing(place: Place, trouble?: Trouble): SnapshotError {
  return make("STORE_NOT_FOUND", `${place.object} is not there`, "Check the name.", trouble);
}

export function holderMissing(place: Place, trouble?: Trouble): SnapshotError {
  return make("STORE_NOT_FOUND", `${place.holder} is not there`, "Create it first, or check the name.", trouble);
}

export function full(place: Place, trouble: Trouble): SnapshotError {
  return make(
    "STORE_FULL",
    `${place.object} cannot be written: the store is full, or a quota or size limit is reached`,
    "Free some space, raise the limit or choose another target. Nothing of this snapshot was left behind.",
    trouble,
  );
}

export function stalled(place: Place, trouble?: Trouble): SnapshotError {
  return make(
    "STORE_STALLED",
    `the store of ${place.object} stopped answering`,
    "Check the server and the network between, then run it again.",
    trouble,
  );
}

export function unreachable(place: Place, trouble: Trouble): SnapshotError {
  return make(
    "STORE_UNREACHABLE",
    `the store of ${place.object} cannot be reached, or failed`,
    "Check the endpoint and the network between, then run it again.",
    trouble,
  );
}

export function exists(place: Place): SnapshotError {
  return make(
    "STORE_EXISTS",
    `${place.object} exists already`,
    "An archive is never overwritten: use {random} or {timestamp} in the name, or set overwrite: true.",
  );
}

export function changed(place: Place): SnapshotError {
  return make("STORE_CHANGED", `${place.object} has changed`, "Something else wrote to it: look before you go on.");
}

export function interrupted(object: string): SnapshotError {
  return make("INTERRUPTED", `the work on ${object} was interrupted`, "No half archive was left behind; run it again.");
}

/** The object that became visible is not as long as what was sent. */
export function wrongSize(place: Place, sent: number, stored: number): SnapshotError {
  return make(
    "STORE_CHANGED",
    `${place.object} has ${stored} bytes, but ${sent} were sent`,
    "Do not use it. Something between here and the store changes what passes, or another writer uses the same name.",
  );
}

function make(
  code: SnapshotError["code"],
  message: string,
  hint: string,
  { status, code: detail }: Partial<Trouble> = {},
): SnapshotError {
  const said = [status, detail].filter((part) => part !== undefined && part !== "").join(" ");
  return new SnapshotError(code, said === "" ? message : `${message} (${said})`, hint);
}
