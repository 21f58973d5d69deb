/** One row of the table of refusals, and what it matches by. */

import type { ErrorCode } from "../errors";
import type { Connection } from "./connection";

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
  | "wantsCertificate"
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

export interface Case {
  readonly connection: Connection;
  readonly refusal: Refusal;
  /** The URL of the request, for messages. */
  readonly at: string;
}

export interface Row {
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

const DENIED = /ACL not found|Permission denied/i;

/** Whether Consul itself denies a request: it always says so. */
export const isDenied = ({ status, text }: Refusal): boolean => (status === 403 || status === 500) && DENIED.test(text);

export const says =
  (status: number, words: RegExp) =>
  (refusal: Refusal): boolean =>
    refusal.status === status && words.test(refusal.text);
