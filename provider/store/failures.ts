/**
 * The failures of stores, worded independently of the kind of store. From the response of a server or the error of a
 * library, only the HTTP status and short codes are shown: messages, requests and headers may contain credentials.
 */

import { certificateRefusal, RENEW_CERTIFICATE, REPLACE_CERTIFICATE } from "../certificateRefusal";
import { type ErrorCode, SnapshotError } from "../errors";
import { systemCode } from "../systemCode";
import { cleanCode } from "../text";
import type { StoreHints } from "./credentials";
import { TakenName } from "./takenName";

/** The meaning of one service's error codes. For a code that matches none of these, the HTTP status decides. */
export interface ErrorTable {
  /** The service's word for a bucket: `bucket` or `container`. */
  readonly holder: string;
  /** The hint for denied access. */
  readonly credentialsHelp: string;
  /** The environment variables with the path of a file of trusted authorities. Default: `NODE_EXTRA_CA_CERTS`. */
  readonly authorityVariables?: string;
  /** The store is full, or a quota is reached. */
  readonly full?: RegExp;
  /** The bucket does not exist. */
  readonly holderMissing?: RegExp;
  readonly denied?: RegExp;
  /** The target's name or settings are invalid. */
  readonly notAccepted?: RegExp;
  /** What some codes mean, and what helps; they take precedence over the rows above. */
  readonly reasons?: readonly Reason[];
}

/** One cause that credentials, name and network have nothing to do with. */
interface Reason {
  readonly codes: RegExp;
  readonly code: ErrorCode;
  readonly message: (object: string) => string;
  readonly hint: string;
}

/** An object as messages show it, and the error table of its service. */
export interface Place {
  /** A URL without settings. */
  readonly object: string;
  /** The object's bucket, such as `bucket s3://…`. */
  readonly holder: string;
  readonly errors: ErrorTable;
}

export function placeOf(
  { scheme, bucket }: { readonly scheme: string; readonly bucket: string },
  errors: ErrorTable,
  key: string,
): Place {
  return { object: `${scheme}://${bucket}/${key}`, holder: `${errors.holder} ${scheme}://${bucket}`, errors };
}

/** An error table with the hint of a front end, if that has one of its own. */
export function withHints(errors: ErrorTable, hints: StoreHints | undefined): ErrorTable {
  return hints === undefined ? errors : { ...errors, credentialsHelp: hints.denied };
}

/** The response of a server, or the reason why there was none. */
export interface Trouble {
  /** The HTTP status, if there was a response. */
  readonly status?: number;
  /** A server's, library's or system's error code, such as `NoSuchBucket` or `ECONNREFUSED`. */
  readonly code: string;
}

/** Timeout codes of Node.js and of all three libraries. */
const STALLED = /^(TimeoutError|RequestTimeout|ETIMEDOUT|ESOCKETTIMEDOUT|OperationTimedOut)$/;
/** Codes of the operating system, for example from a local proxy. */
const FULL = /^(ENOSPC|EDQUOT)$/;

/** Translates a server's response, unless the caller has a more specific error. */
export function failure(place: Place, trouble: Trouble): SnapshotError {
  const { status, code } = trouble;
  const { errors } = place;
  if (STALLED.test(code)) return stalled(place, trouble);
  const untrusted = tlsFailure(place, trouble);
  if (untrusted !== undefined) return untrusted;
  const reason = errors.reasons?.find(({ codes }) => codes.test(code));
  if (reason !== undefined) return make(reason.code, reason.message(place.object), reason.hint, trouble);
  if (status === 507 || FULL.test(code) || errors.full?.test(code) === true) return full(place, trouble);
  if (errors.holderMissing?.test(code) === true) return holderMissing(place, trouble);
  if (errors.notAccepted?.test(code) === true) {
    return make("TARGET_INVALID", `${place.object} is not accepted`, "Check the target's name and settings.", trouble);
  }
  if (status === 401 || status === 403 || errors.denied?.test(code) === true) return denied(place, trouble);
  if (status === 404) return missing(place, trouble);
  return unreachable(place, trouble);
}

/**
 * The failure if a library cannot use the credentials that it found, so that it sends no request: a file of them cannot be
 * read, or no HTTP header can contain them.
 */
export function unusableCredentials(place: Place, error: unknown): SnapshotError | undefined {
  const code = systemCode(error);
  if (code === "ERR_INVALID_CHAR") {
    return denied(place, { code: "" }, "the credentials contain a character that no key has, such as a line break");
  }
  // An error of a connection has another system call: connect, read, getaddrinfo.
  const isFile = error instanceof Error && "syscall" in error && error.syscall === "open";
  return isFile ? denied(place, { code }, "a file of the credentials cannot be read") : undefined;
}

/** The failure if there was no TLS connection. */
function tlsFailure(place: Place, trouble: Trouble): SnapshotError | undefined {
  const { status, code } = trouble;
  if (status !== undefined) return undefined;
  if (/^(EPROTO|ERR_SSL_)/.test(code)) {
    return make(
      "STORE_UNREACHABLE",
      `the TLS handshake with the store of ${place.object} failed`,
      "Check that the endpoint speaks https, with TLS 1.2 or newer, and requires no client certificate.",
      trouble,
    );
  }
  const certificate = `the certificate of the store of ${place.object}`;
  switch (certificateRefusal(code)) {
    case "otherHost":
      return make("STORE_UNREACHABLE", `${certificate} is for another host name`, "Check the endpoint.", trouble);
    case "notValidNow":
      return make("STORE_UNREACHABLE", `${certificate} is not valid now`, RENEW_CERTIFICATE, trouble);
    case "unsuitable":
      return make("STORE_UNREACHABLE", `${certificate} is not suitable for a server`, REPLACE_CERTIFICATE, trouble);
    case "unknownAuthority": {
      const variables = place.errors.authorityVariables ?? "NODE_EXTRA_CA_CERTS";
      return make(
        "STORE_UNREACHABLE",
        `${certificate} is signed by an authority that this machine does not trust`,
        `Set ${variables} to the PEM file of that authority.`,
        trouble,
      );
    }
    case undefined:
      return undefined;
  }
}

/** @param reason - a clause of our own. Default: the server's response says why, or nothing does */
export function denied(place: Place, trouble: Trouble, reason?: string): SnapshotError {
  const message = `access to ${place.object} is denied${reason === undefined ? "" : `: ${reason}`}`;
  return make("STORE_DENIED", message, place.errors.credentialsHelp, trouble);
}

export function locked(place: Place): SnapshotError {
  return make("STORE_DENIED", `${place.object} is locked`, "It can be deleted when its lock or legal hold has ended.");
}

export function missing(place: Place, trouble?: Trouble): SnapshotError {
  return make("STORE_NOT_FOUND", `${place.object} does not exist`, "Check the name.", trouble);
}

export function holderMissing(place: Place, trouble?: Trouble): SnapshotError {
  return make("STORE_NOT_FOUND", `${place.holder} does not exist`, "Create it first, or check the name.", trouble);
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
    "Check the server and the network, then run it again.",
    trouble,
  );
}

export function unreachable(place: Place, trouble: Trouble): SnapshotError {
  return make(
    "STORE_UNREACHABLE",
    `the store of ${place.object} cannot be reached or failed`,
    whatHelps(trouble.status),
    trouble,
  );
}

function whatHelps(status: number | undefined): string {
  if (status === undefined) return "Check the endpoint and the network, then run it again.";
  if (status < 400) return "Check the endpoint and the region: the server redirects elsewhere.";
  if (status === 407) {
    return "A proxy requires a login: set HTTPS_PROXY with the user and the password, http://user:password@host:port.";
  }
  return "Run it again later. If it fails again, check the state of the store, the endpoint, and a proxy in between.";
}

export function exists(place: Pick<Place, "object">): SnapshotError {
  return new TakenName(place.object);
}

export function changed(place: Place): SnapshotError {
  return make(
    "STORE_CHANGED",
    `${place.object} has changed`,
    "Another program wrote to it: look at it before you continue.",
  );
}

/**
 * The failure if the server does not support a conditional delete. Nothing is deleted without the condition: another
 * writer may replace the object at any time.
 */
export function conditionRefused(place: Place): SnapshotError {
  return make(
    "STORE_DENIED",
    `${place.object} was not deleted: it is unchanged, but its server answers 412 to the condition If-Match, as if it were not`,
    "Update the server, or remove old archives with a lifecycle rule of the bucket or with its own tools: retention and deletion with the resource do not work there.",
  );
}

export function interrupted(object: string): SnapshotError {
  return make(
    "INTERRUPTED",
    `the work on ${object} was interrupted`,
    "Nothing incomplete was left behind; run it again.",
  );
}

/** The object that became visible has another length than the bytes that were sent. */
export function wrongSize(place: Place, sent: number, stored: number): SnapshotError {
  return make(
    "STORE_CHANGED",
    `${place.object} has ${stored} bytes, but ${sent} were sent`,
    "Do not use it. Something on the way to the store changes the data, or another writer uses the same name.",
  );
}

function make(
  code: ErrorCode,
  message: string,
  hint: string,
  { status, code: detail = "" }: Partial<Trouble> = {},
): SnapshotError {
  const shown = [status, looksLikeCode(detail) ? cleanCode(detail) : undefined]
    .filter((part) => part !== undefined)
    .join(" ");
  return new SnapshotError(code, shown === "" ? message : `${message} (${shown})`, hint);
}

/** Names of environment variables that may contain a secret. */
const SECRET_NAME = /key|token|secret|passw|credential|connection|auth/i;

/**
 * Codes also come from servers, which may put anything there, even a secret that they received. Real ones are words
 * without digits (`NoSuchBucket`, `invalid_grant`, `KMS.DisabledException`) or Node.js's (`ERR_HTTP2_…`).
 */
function looksLikeCode(text: string): boolean {
  if (!/^[A-Za-z][A-Za-z._-]{1,63}$/.test(text) && !/^ERR_[A-Z0-9_]{1,60}$/.test(text)) return false;
  return !Object.entries(process.env).some(
    ([name, value = ""]) => SECRET_NAME.test(name) && value !== "" && (value.includes(text) || text.includes(value)),
  );
}
